"""Drafts of ban files from foreign tables: Access Now's STOP, and lists of outages.

Wire: CSV with a header line; commas, semicolons or tabs; UTF-8, UTF-16 with its mark, or else Windows-1252.
Columns may be in upper or lower case, and in any order; those that are not known are passed over.

A row of such a table is one source. The register asks for two, so the notes of a draft say that one is
missing: a person completes it.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import yaml
from babel import Locale

from banwatch.bans import thresholds as t
from banwatch.model.errors import BanwatchError

MAX_BYTES = 64 * 2**20
MAX_DRAFTS = 10_000
"""Drafts of one table, at most: each is a file, and the whole record of the world's shutdowns has fewer."""
STOP_COLUMNS = frozenset({"start_date", "end_date", "country", "shutdown_type"})
OUTAGE_COLUMNS = frozenset({"begin time", "end time", "country", "cause"})
GOVERNMENT_CAUSES = ("government", "exam")
"""Words in the cause of an outage that mean somebody ordered it."""

_SERVICES = {
    "facebook_affected": "facebook.com",
    "twitter_affected": "twitter.com",
    "whatsapp_affected": "whatsapp.com",
    "instagram_affected": "instagram.com",
    "telegram_affected": "telegram.org",
}
_DATE_FORMS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y"),
    *("%A, %B %d, %Y", "%B %d, %Y", "%d %B %Y", "%d-%b-%Y", "%d %b %Y"),
)
_AFTER_DATE = re.compile(
    r"([,\s]+|(?<=\d)T)\d{1,2}:\d{1,2}(:\d{2}(\.\d+)?)?\s*([AP]M|Z|UTC|[+-]\d\d:?\d\d)?$", re.IGNORECASE
)
_OTHER_NAMES = {
    "burma": "MM",
    "congo (drc)": "CD",
    "democratic republic of (drc)": "CD",
    "democratic republic of the congo": "CD",
    "iran (islamic republic of)": "IR",
    "ivory coast": "CI",
    "macedonia": "MK",
    "myanmar": "MM",
    "north korea": "KP",
    "russian federation": "RU",
    "south korea": "KR",
    "swaziland": "SZ",
    "syrian arab republic": "SY",
    "timor leste": "TL",
    "turkey": "TR",
    "viet nam": "VN",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A ban file that a person has yet to complete."""

    ban_id: str
    text: str


Refuse = Callable[[str, int], None]
"""Callback for a skipped line: the reason, and the line number; 0 is the file as a whole."""


class _NoBanError(Exception):
    """The row is skipped, for the reason given."""


def read_drafts(path: Path, refuse: Refuse | None = None) -> Iterator[Draft]:
    """Read a table and draft a ban for each of its rows that is one.

    Args:
        path: the table.
        refuse: called for each row that is skipped.

    Raises:
        BanwatchError: it cannot be read, is neither of the two kinds of table, or has too many rows.
    """
    refuse = refuse or (lambda reason, line: None)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BanwatchError(f"{path} has more than {MAX_BYTES} bytes", "Split it.")
        text = _decode(path.read_bytes(), refuse)
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a CSV file in UTF-8.") from error
    try:
        head = text.partition("\n")[0]
        separator = max(",;\t", key=head.count)
        lines = io.StringIO(text, newline="")
        reader = csv.DictReader(lines, restkey="", restval="", delimiter=separator, strict=True)
        columns = {name.strip().lower() for name in reader.fieldnames or () if name}
        if columns >= STOP_COLUMNS:
            draft, table = _from_stop, "Access Now, STOP"
        elif columns >= OUTAGE_COLUMNS:
            draft, table = _from_outages, "a list of outages"
        else:
            raise BanwatchError(
                f"{path} is neither STOP nor a list of outages",
                f"It needs {', '.join(sorted(STOP_COLUMNS))}; or {', '.join(sorted(OUTAGE_COLUMNS))}.",
            )
        taken: Counter[str] = Counter()
        for row in reader:
            number = reader.line_num
            clean = {key.strip().lower(): _plain(str(value)) for key, value in row.items() if key and value}
            try:
                content = draft(clean)
            except _NoBanError as error:
                refuse(str(error), number)
                continue
            if taken.total() >= MAX_DRAFTS:
                raise BanwatchError(f"{path} has more than {MAX_DRAFTS} such rows", "Split it.")
            yield _finish(content, f"{path.name}, line {number} ({table})", taken)
    except csv.Error as error:
        raise BanwatchError(f"{path} is not CSV: {error}", "Export it again.") from error


def _decode(raw: bytes, refuse: Refuse) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        refuse("the file is not UTF-8, and was read as Windows-1252", 0)
        return raw.decode("cp1252", errors="replace")


def _plain(text: str) -> str:
    """Return text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _where_and_when(row: Mapping[str, str], begins: str) -> tuple[str, date]:
    country, day = country_code(row.get("country", "")), parse_date(row.get(begins, ""))
    if country is None:
        raise _NoBanError("a country that is not known")
    if day is None:
        raise _NoBanError("no beginning that is a date, month first")
    if day.year < t.EARLIEST_YEAR:
        raise _NoBanError("a beginning before there was an Internet")
    return country, day


def _from_stop(row: Mapping[str, str]) -> dict[str, object]:
    country, begins = _where_and_when(row, "start_date")
    targets = [site for column, site in _SERVICES.items() if row.get(column, "").lower() == "yes"]
    whole = "full" in row.get("shutdown_extent", "").lower() or not targets
    return {
        "country": country,
        "authority": row.get("decision_maker") or row.get("ordered_by") or "unspecified",
        "targets": targets,
        "shutdown": whole,
        "begins": begins,
        "ends": parse_date(row.get("end_date", "")),
        "url": next(iter(re.findall(r"https?://[^\s;,]+", row.get("info_source_link", ""))), ""),
        "publisher": row.get("info_source") or "Access Now",
        "event": row.get("event", ""),
        "where": row.get("area_name", ""),
    }


def _from_outages(row: Mapping[str, str]) -> dict[str, object]:
    cause = row.get("cause", "")
    if not any(word in cause.lower() for word in GOVERNMENT_CAUSES):
        raise _NoBanError("an outage that nobody is said to have ordered")
    country, begins = _where_and_when(row, "begin time")
    return {
        "country": country,
        "authority": "unspecified",
        "targets": [],
        "shutdown": True,
        "begins": begins,
        "ends": parse_date(row.get("end time", "")),
        "url": "",
        "publisher": "the table itself",
        "event": cause,
        "where": next((text for column, text in row.items() if column.startswith("scope")), ""),
    }


def _finish(content: Mapping[str, object], origin: str, taken: Counter[str]) -> Draft:
    begins, ends = content["begins"], content["ends"]
    assert isinstance(begins, date)
    backwards = isinstance(ends, date) and ends < begins
    stem = f"{str(content['country']).lower()}-{begins.isoformat()}"
    taken[stem] += 1
    ban_id = stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"
    event = str(content["event"])[:300] or "Restriction"
    where = str(content["where"])[:200]
    ban: dict[str, object] = {
        "id": ban_id,
        "title": f"{event[:100]} ({content['country']}, {begins.isoformat()})",
        "country": content["country"],
        "authority": content["authority"],
        "targets": content["targets"],
        "shutdown": content["shutdown"],
        "begins": begins.isoformat(),
        "ends": ends.isoformat() if isinstance(ends, date) and not backwards else "unspecified",
        "penalty": "unspecified",
        "facts": [{"fact": event, "sources": ["table"]}],
        "sources": [
            {
                "id": "table",
                "publisher": content["publisher"],
                "title": origin,
                "published": "unspecified",
                "url": content["url"],
            }
        ],
        "notes": f"Draft from {origin}; where: {where or 'not said'}. It needs a second source."
        + (" The table has it end before it begins." if backwards else ""),
    }
    return Draft(ban_id, yaml.safe_dump(ban, sort_keys=False, allow_unicode=True, width=110))


def parse_date(text: str) -> date | None:
    """Read a date in the forms of such tables (numbers alone: month first); None for other text."""
    bare = _AFTER_DATE.sub("", text.strip())
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    return None


@cache
def country_code(name: str) -> str | None:
    """Return the ISO 3166-1 code of a country by its English name; None where there is none."""
    wanted = " ".join(name.lower().replace("\u2019", "'").split())
    if wanted in _OTHER_NAMES:
        return _OTHER_NAMES[wanted]
    for code, english in Locale("en").territories.items():
        if len(code) == 2 and code.isalpha() and english.lower().replace("\u2019", "'") == wanted:
            return str(code)
    return None
