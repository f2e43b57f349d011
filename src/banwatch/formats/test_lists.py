"""Lists of sites worth testing, as Citizen Lab keeps them: one CSV a country, and `global`."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from banwatch.model.errors import WireError

MAX_LIST_BYTES = 32 * 1024 * 1024
"""Largest list read; the longest of 2026, `global`, takes 0.2 MiB."""
MAX_LISTS = 1000
"""Lists read from one folder or archive; there are some 150."""

_COLUMNS = frozenset({"url", "category_code"})
_LEGEND = "00-legend"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSite:
    """Entry of a test list: a URL, why it is on the list, and on which."""

    url: str
    category: str
    """One of the 31 category codes: `NEWS`, `GMB`, ..."""
    listed_for: str
    """Country code, upper case; `GLOBAL` for the list of all countries; else the list's own name."""
    added: str
    """Date in ISO form, as the list has it; may be empty."""
    source: str


def parse_test_list_untrusted(table: bytes, list_name: str) -> list[ListedSite]:
    """Parse one list; entries that are no HTTP URL are left out, as a probe could do nothing with them.

    Raises:
        WireError: too large, or no such table.
    """
    if len(table) > MAX_LIST_BYTES:
        raise WireError(f"a list of {len(table)} bytes is larger than {MAX_LIST_BYTES}")
    try:
        reader = csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
        if not set(reader.fieldnames or ()) >= _COLUMNS:
            raise WireError("no test list: the columns `url` and `category_code` are needed")
        sites = [_read_row(row, list_name.upper()) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise WireError(f"no CSV table: {error}") from None
    return [site for site in sites if site is not None]


def read_test_lists(path: Path) -> Iterator[tuple[str, bytes]]:
    """Find the lists in a local clone, a folder or a zip of one: name and content, in order of name.

    Raises:
        WireError: a zip that is none, with too many lists, or with one too large.
    """
    found: dict[str, bytes] = {}
    if path.is_dir():
        folder = path / "lists" if (path / "lists").is_dir() else path
        for file in sorted(folder.glob("*.csv")):
            if not file.name.lower().startswith(_LEGEND):
                found[file.stem] = file.read_bytes()
    else:
        found.update(_read_zip(path))
    if len(found) > MAX_LISTS:
        raise WireError(f"{path.name} holds {len(found)} lists, more than {MAX_LISTS}")
    yield from sorted(found.items())


def _read_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = PurePosixPath(entry.filename)
                if name.suffix != ".csv" or name.name.lower().startswith(_LEGEND):
                    continue
                if entry.file_size > MAX_LIST_BYTES:
                    raise WireError(f"{entry.filename} is larger than {MAX_LIST_BYTES} bytes")
                yield name.stem, archive.read(entry)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise WireError(f"{path.name} is no zip archive that can be read: {error}") from None


def _read_row(row: dict[str, str | None], listed_for: str) -> ListedSite | None:
    def cell(name: str) -> str:
        value = row.get(name)
        return value.strip() if isinstance(value, str) else ""

    url = cell("url")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        return None
    return ListedSite(
        url=url,
        category=cell("category_code").upper(),
        listed_for=listed_for,
        added=cell("date_added"),
        source=cell("source"),
    )
