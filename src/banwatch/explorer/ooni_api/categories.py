"""Categories of inputs, by the test lists that were imported; `MISC` where no list has an input."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from banwatch.model.errors import BanwatchError
from banwatch.reference import snapshots
from banwatch.reference.importing import read_sites

UNLISTED = "MISC"
_EVERYWHERE = "GLOBAL"


@lru_cache(maxsize=1)
def _listed() -> Mapping[str, Mapping[str, str]]:
    """Read the categories of the imported lists, by input and the list's country; read once a process."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    try:
        folder = snapshots.default_data_dir()
        imported = [one for one in snapshots.list_imported(folder) if one.kind == "test-lists"]
        for site in read_sites(folder, imported[-1]) if imported else ():
            if site.category:
                found[site.url].setdefault(site.listed_for, site.category)
    except (BanwatchError, OSError):
        return {}
    return found


def category_of(url: str, cc: str = "") -> str:
    """Return the category of an input in a country's list, or in that of all countries."""
    by_list = _listed().get(url) or _listed().get(url.removesuffix("/")) or {}
    return by_list.get(cc) or by_list.get(_EVERYWHERE) or UNLISTED


def inputs_of(category: str, ccs: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs of a category, in the lists of some countries and that of all countries."""
    lists = {*ccs, _EVERYWHERE}
    found = [url for url, by_list in _listed().items() if any(by_list.get(one) == category for one in lists)]
    return tuple(sorted({*found, *(url + "/" for url in found if not url.endswith("/"))}))


def category_of_domain(domain: str) -> str:
    """Return the category under which any list has a URL of a domain."""
    return _by_host().get(domain, UNLISTED)


@lru_cache(maxsize=1)
def _by_host() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for url, by_list in _listed().items():
        host = (urlsplit(url).hostname or "") if "://" in url else ""
        category = by_list.get(_EVERYWHERE) or next(iter(by_list.values()))
        found.setdefault(host, category)
        found.setdefault(host.removeprefix("www."), category)
    return found
