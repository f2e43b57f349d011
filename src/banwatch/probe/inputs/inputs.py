"""Inputs of a measurement: URLs with the category that their list gives them."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from banwatch.formats.encoded_text import decode_untrusted
from banwatch.formats.test_lists import is_test_list, read_category, read_rows
from banwatch.model.errors import WireError
from banwatch.net.http.target_url import parse_target_url

_MAX_LIST_BYTES = 64 << 20
_MAX_INPUTS = 1_000_000
UNKNOWN = "UNKNOWN"
"""Category of what a list with categories gives none for, or one that is not known."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input: a URL or name to measure."""

    url: str
    category: str = ""
    """Citizen Lab's code, such as `NEWS`; `UNKNOWN` where its list does not say; empty for what a person
    named."""


@dataclass(frozen=True, slots=True)
class ParsedList:
    """Inputs of a list, and what was passed over in it."""

    inputs: list[Input]
    """Each once, in order."""
    passed_over: Counter[str]
    """Rows that gave no input, by reason."""


def parse_list_untrusted(data: bytes) -> ParsedList:
    """Read a list: Citizen Lab's CSV (`url,category_code,...`), or one URL or name a line.

    Raises:
        WireError: it is no list of that kind.
    """
    if len(data) > _MAX_LIST_BYTES:
        raise WireError("list longer than 64 MB")
    text = decode_untrusted(data)
    if text.lstrip().startswith("<"):
        raise WireError("a web page, not a list")
    passed_over: Counter[str] = Counter()
    rows = _read_csv(text.lstrip(), passed_over) if is_test_list(text) else _read_plain(text)
    found: dict[str, Input] = {}
    for one in rows:
        try:
            parse_target_url(one.url)
        except ValueError:
            passed_over["no URL that can be measured"] += 1
            continue
        if one.url in found:
            passed_over["a URL that stands there already"] += 1
        found.setdefault(one.url, one)
        if len(found) > _MAX_INPUTS:
            raise WireError("list with more than a million inputs")
    return ParsedList(list(found.values()), passed_over)


def _read_csv(text: str, passed_over: Counter[str]) -> Iterable[Input]:
    for row in read_rows(text, passed_over):
        yield Input(row.get("url", ""), read_category(row.get("category_code", "")) or UNKNOWN)


def _read_plain(text: str) -> Iterable[Input]:
    for line in text.splitlines():
        url = line.strip()
        if url and not url.startswith("#"):
            yield Input(url)


def only_categories(inputs: Iterable[Input], categories: Collection[str]) -> list[Input]:
    """Keep the inputs of these categories; all of them where none is named."""
    return [one for one in inputs if not categories or one.category in categories]
