"""Lists of sites worth testing, as Citizen Lab keeps them: one CSV a country, and `global`.

People edit these lists by hand: blanks about cells, a second header, a comma in a URL without quotes, which
shifts all columns after it, codes in small letters, misspelt ones, none at all. A category decides whether a
visit may endanger somebody, so that it is one of the known codes or nothing.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from banwatch.formats.encoded_text import decode_untrusted
from banwatch.model.errors import WireError

MAX_LIST_BYTES = 32 * 1024 * 1024
"""Largest list read; the longest of 2026, `global`, takes 0.2 MiB."""
MAX_LISTS = 1000
"""Lists read from one folder or archive; there are some 150."""

_CODES = """
ALDR ANON COMM COMT CTRL CULTR DATE ECON ENV FILE GAME GMB GOVT GRP HACK HATE HOST HUMR IGO LGBT MILX MISC
MMED NEWS POLR PORN PROV PUBH REL SRCH XED
"""
CATEGORIES = frozenset(_CODES.split())
"""The 31 codes of Citizen Lab's legend (`00-LEGEND-new_category_codes.csv`)."""
_EARLIER_CATEGORIES = frozenset({"EXTR", "TERR"})
"""Codes of the legend before 2017, which old lists still have."""
_COLUMNS = frozenset({"url", "category_code"})
_LEGEND = "00-legend"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSite:
    """Entry of a test list: a URL, why it is on the list, and on which."""

    url: str
    category: str
    """One of the 31 category codes: `NEWS`, `GMB`, ...; empty where the list has none that is known."""
    listed_for: str
    """Country code, upper case; `GLOBAL` for the list of all countries; else the list's own name."""
    added: str
    """Date in ISO form, as the list has it; may be empty."""
    source: str


def read_category(text: str) -> str:
    """Spell a category as its code; empty where it is none that is known."""
    code = text.strip().upper()
    return code if code in CATEGORIES or code in _EARLIER_CATEGORIES else ""


def is_test_list(text: str) -> bool:
    """Whether a text begins with the header of a test list."""
    return text.lstrip().partition("\n")[0].split(",")[0].strip().strip('"').strip().lower() == "url"


def read_rows(text: str, passed_over: Counter[str]) -> Iterator[dict[str, str]]:
    """Read the rows of a list whose cells are what their columns say, by column in small letters.

    Args:
        text: the table, with its header.
        passed_over: counts rows that are not given, by reason.

    Raises:
        WireError: it is no CSV.
    """
    try:
        reader = csv.reader(io.StringIO(text))
        header = [name.strip().lower() for name in next(reader, [])]
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            row = dict(zip(header, stripped, strict=False))
            if not any(stripped):
                continue
            if row.get("url", "").lower() == "url":
                passed_over["a second header"] += 1
            elif _is_shifted(stripped, row, len(header)):
                passed_over["cells out of their columns: a comma in a URL needs quotes"] += 1
            else:
                yield row
    except csv.Error as error:
        raise WireError(f"no CSV table: {error}") from None


def _is_shifted(cells: list[str], row: dict[str, str], columns: int) -> bool:
    """Whether a comma too much has moved cells into columns that are not theirs."""
    category, described = row.get("category_code", ""), row.get("category_description", "")
    if any(cells[columns:]) or (len(cells) > columns and not read_category(category)):
        return True
    return bool(read_category(described)) and read_category(described) != read_category(category)


def parse_test_list_untrusted(
    table: bytes, list_name: str, passed_over: Counter[str] | None = None
) -> list[ListedSite]:
    """Parse one list; entries that are no HTTP URL are left out, as a probe could do nothing with them.

    Args:
        table: the list.
        list_name: for which country it is.
        passed_over: counts rows that are left out, and entries without a category that is known, by reason.

    Raises:
        WireError: too large, or no such table.
    """
    if len(table) > MAX_LIST_BYTES:
        raise WireError(f"a list of {len(table)} bytes is larger than {MAX_LIST_BYTES}")
    counts: Counter[str] = passed_over if passed_over is not None else Counter()
    text = decode_untrusted(table)
    try:
        header = next(csv.reader([text.partition("\n")[0]]), [])
    except csv.Error as error:
        raise WireError(f"no CSV table: {error}") from None
    if not {name.strip().lower() for name in header} >= _COLUMNS:
        raise WireError("no test list: the columns `url` and `category_code` are needed")
    found: dict[str, ListedSite] = {}
    for row in read_rows(text, counts):
        site = _read_row(row, list_name.upper())
        if site is None:
            counts["no http:// or https:// URL"] += 1
        elif site.url in found:
            counts["a URL that stands there already"] += 1
        else:
            found[site.url] = site
    return list(found.values())


def count_unknown(rows: list[ListedSite]) -> int:
    """Count the sites whose list does not say what they are."""
    return sum(not site.category for site in rows)


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


def _read_row(row: dict[str, str], listed_for: str) -> ListedSite | None:
    url = row.get("url", "")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        return None
    return ListedSite(
        url=url,
        category=read_category(row.get("category_code", "")),
        listed_for=listed_for,
        added=row.get("date_added", ""),
        source=row.get("source", ""),
    )
