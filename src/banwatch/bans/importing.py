"""Drafts of ban files from foreign tables: Access Now's STOP, and lists of outages.

Wire: CSV with a header line; commas, semicolons or tabs; UTF-8, UTF-16, or else Windows-1252. Sentences may
stand in the lines above the header. Columns may be in upper or lower case, in any order, and under the names
that the publishers gave them in one year or another; those that are not known are passed over.

A row of such a table is one source. The register asks for two, so the notes of a draft say that one is
missing: a person completes it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from banwatch.bans import thresholds as t
from banwatch.bans.countries import country_code
from banwatch.bans.operators import NamedOperator, bound_networks, match_operators, render_operators
from banwatch.formats.encoded_text import decode_untrusted
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import CountryCode

MAX_BYTES = 64 * 2**20
MAX_DRAFTS = 10_000
"""Drafts of one table, at most: each is a file, and the whole record of the world's shutdowns has fewer."""
_ALIASES = {
    "start_date": ("start", "startdate", "date_start", "begin_date", "beginning_date", "shutdown_start_date"),
    "end_date": ("end", "enddate", "date_end", "ending_date", "shutdown_end_date"),
    "country": ("country_name", "nation", "country_territory"),
    "shutdown_type": ("shutdown_type_new", "type_of_shutdown", "nature_of_shutdown", "type"),
    "shutdown_extent": ("full_or_service_based", "extent", "shutdown_scope", "full_network_or_service_based"),
    "info_source_link": ("news_link", "source_link", "source_url", "info_source_url", "link", "an_link"),
    "info_source": ("source", "source_type"),
    "ordered_by": ("order_by", "who_ordered"),
    "area_name": ("areas_affected", "area", "region", "affected_areas"),
    "service_details": (
        "services_affected",
        "other_service_details_specify",
        "services",
        "affected_services",
    ),
    "telcos_involved": ("telcos", "telecom_operators", "operators"),
    "begin_time": ("begin", "begins", "start_time"),
    "end_time": ("ends",),
}
"""Names of the columns of STOP from 2016 on, and of lists of outages, with the other names of each."""
_NAMES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
STOP_COLUMNS = frozenset({"start_date", "end_date", "country"})
_STOP_MARKS = frozenset({"shutdown_type", "shutdown_extent", "ordered_by", "facebook_affected", "geo_scope"})
"""Columns of which STOP has at least one, under one name or another."""
OUTAGE_COLUMNS = frozenset({"begin_time", "end_time", "country", "cause"})
GOVERNMENT_CAUSES = ("government", "exam")
"""Words in the cause of an outage that mean somebody ordered it."""

_SERVICE_NAMES = {
    "facebook": "facebook.com",
    "twitter": "twitter.com",
    "whatsapp": "whatsapp.com",
    "instagram": "instagram.com",
    "telegram": "telegram.org",
    "youtube": "youtube.com",
    "tiktok": "tiktok.com",
    "viber": "viber.com",
    "skype": "skype.com",
    "snapchat": "snapchat.com",
    "linkedin": "linkedin.com",
    "wikipedia": "wikipedia.org",
    "vkontakte": "vk.com",
    "reddit": "reddit.com",
    "signal messenger": "signal.org",
}
"""Services as the columns of free text name them: the years before 2019 have no column for each."""
_SERVICES = {
    "facebook_affected": "facebook.com",
    "twitter_affected": "twitter.com",
    "whatsapp_affected": "whatsapp.com",
    "instagram_affected": "instagram.com",
    "telegram_affected": "telegram.org",
}
_DATE_FORMS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d.%m.%Y", "%m/%d/%y", "%m-%d-%Y"),
    *("%A, %B %d, %Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d-%B-%Y"),
)
_SHEET_DAY = re.compile(r"[3-6]\d{4}(\.0)?")
"""Days since 30 December 1899, as spreadsheets count; the range is the years 1982 to 2091."""
_AFTER_DATE = re.compile(
    r"([,\s]+|(?<=\d)T)\d{1,2}:\d{1,2}(:\d{2}(\.\d+)?)?\s*([AP]M|Z|UTC|[+-]\d\d:?\d\d)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A ban file that a person has yet to complete."""

    ban_id: str
    text: str


Refuse = Callable[[str, int], None]
"""Callback for a skipped line: the reason, and the line number; 0 is the file as a whole."""


NetworksIn = Callable[[CountryCode], Sequence[tuple[int, str]]]
"""Number and name of each AS of a country."""
Drafter = Callable[[Mapping[str, str]], dict[str, object]]
"""Reader of one row of a kind of table."""


class _NoBanError(Exception):
    """The row is skipped, for the reason given."""


def read_drafts(
    path: Path, refuse: Refuse | None = None, networks_in: NetworksIn | None = None
) -> Iterator[Draft]:
    """Read a table and draft a ban for each of its rows that is one.

    Args:
        path: the table.
        refuse: called for each row that is skipped.
        networks_in: gives number and name of each AS of a country; without it no operator is matched.

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
        reader, columns, draft, table = _find_header(text, path)
        found: list[tuple[dict[str, object], str]] = []
        for cells in reader:
            number = reader.line_num
            clean = {
                key: _plain(cell) for key, cell in zip(columns, cells, strict=False) if key and cell.strip()
            }
            if not clean:
                continue
            try:
                content = draft(clean)
            except _NoBanError as error:
                refuse(str(error), number)
                continue
            if len(found) >= MAX_DRAFTS:
                raise BanwatchError(f"{path} has more than {MAX_DRAFTS} such rows", "Split it.")
            found.append((content, f"{path.name}, line {number} ({table})"))
    except csv.Error as error:
        raise BanwatchError(f"{path} is not CSV: {error}", "Export it again.") from error
    taken: Counter[str] = Counter()
    for content, origin in found:
        country = CountryCode(str(content["country"]))
        networks = networks_in(country) if networks_in and content.get("providers") else ()
        operators = match_operators(str(content.get("providers", "")), country, networks)
        yield _finish(content, origin, taken, operators)


def _find_header(text: str, path: Path) -> tuple[Any, list[str], Drafter, str]:
    """Find the line with the names of the columns, below whatever stands above it.

    Returns:
        A reader of the rows after it, the names, and the kind of table.

    Raises:
        BanwatchError: there is none of either kind.
    """
    for separator in ",;\t":
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        for cells in islice(reader, t.HEADER_WITHIN_LINES):
            columns = _columns_of(cells)
            if set(columns) >= STOP_COLUMNS and _STOP_MARKS & set(columns):
                return reader, columns, _from_stop, "Access Now, STOP"
            if set(columns) >= OUTAGE_COLUMNS:
                return reader, columns, _from_outages, "a list of outages"
    raise BanwatchError(
        f"{path} is neither STOP nor a list of outages",
        f"It needs {', '.join(sorted(STOP_COLUMNS))} and one of {', '.join(sorted(_STOP_MARKS))}; "
        f"or {', '.join(sorted(OUTAGE_COLUMNS))}.",
    )


def _columns_of(cells: Sequence[str]) -> list[str]:
    """Spell names of columns in one way; of two that mean the same, the first counts."""
    names = [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in cells]
    found: list[str] = []
    for name in names:
        canonical = _NAMES.get(name, name)
        found.append("" if canonical != name and (canonical in names or canonical in found) else canonical)
    return found


def _decode(raw: bytes, refuse: Refuse) -> str:
    try:
        return decode_untrusted(raw)
    except WireError:
        refuse("the file is not UTF-8, and was read as Windows-1252", 0)
        return raw.decode("cp1252", errors="replace")


def _plain(text: str) -> str:
    """Return text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _where_and_when(row: Mapping[str, str], begins: str) -> tuple[str, date]:
    country, day = country_code(row.get("country", "")), parse_date(row.get(begins, ""))
    if country is None:
        raise _NoBanError(f"a country that is not known: {row.get('country', '')[:60] or 'none'}")
    if day is None:
        raise _NoBanError("no beginning that is a date, month first")
    if day.year < t.EARLIEST_YEAR:
        raise _NoBanError("a beginning before there was an Internet")
    return country, day


def _from_stop(row: Mapping[str, str]) -> dict[str, object]:
    country, begins = _where_and_when(row, "start_date")
    targets = [site for column, site in _SERVICES.items() if row.get(column, "").lower() == "yes"]
    services = row.get("service_details", "").lower()
    targets += [site for name, site in _SERVICE_NAMES.items() if name in services and site not in targets]
    return {
        "country": country,
        "authority": row.get("decision_maker") or row.get("ordered_by") or "unspecified",
        "targets": targets,
        "shutdown": _cuts_everything(row, targets),
        "begins": begins,
        "ends": parse_date(row.get("end_date", "")),
        "providers": row.get("telcos_involved", ""),
        "url": next(iter(re.findall(r"https?://[^\s;,]+", row.get("info_source_link", ""))), ""),
        "publisher": row.get("info_source") or "Access Now",
        "event": row.get("event", ""),
        "where": row.get("area_name", ""),
    }


def _cuts_everything(row: Mapping[str, str], targets: Sequence[str]) -> bool:
    """Return whether a row of STOP is about the Internet as a whole, in the words of its year."""
    extent = row.get("shutdown_extent", "").lower()
    kinds = f"{row.get('shutdown_type', '')} {row.get('shutdown_type_group', '')}".lower()
    if "full" in extent:
        return "throttl" not in kinds or "shutdown" in kinds
    said = f"{extent} {kinds} {row.get('service_details', '')}".lower()
    return not targets and "service" not in said.replace("full or service", "") and "throttl" not in kinds


def _from_outages(row: Mapping[str, str]) -> dict[str, object]:
    cause = row.get("cause", "")
    if not any(word in cause.lower() for word in GOVERNMENT_CAUSES):
        raise _NoBanError("an outage that nobody is said to have ordered")
    country, begins = _where_and_when(row, "begin_time")
    return {
        "country": country,
        "authority": "unspecified",
        "targets": [],
        "shutdown": True,
        "begins": begins,
        "ends": parse_date(row.get("end_time", "")),
        "url": "",
        "publisher": "the table itself",
        "event": cause,
        "where": next((text for column, text in row.items() if column.startswith("scope")), ""),
    }


def _finish(
    content: Mapping[str, object], origin: str, taken: Counter[str], operators: Sequence[NamedOperator]
) -> Draft:
    begins, ends = content["begins"], content["ends"]
    assert isinstance(begins, date)
    backwards = isinstance(ends, date) and ends < begins
    stem = f"{str(content['country']).lower()}-{begins.isoformat()}"
    taken[stem] += 1
    ban_id = stem if taken[stem] == 1 else f"{stem}-{taken[stem]}"
    event = str(content["event"])[:300] or "Restriction"
    where, binds = str(content["where"])[:200], bound_networks(operators)
    ban: dict[str, object] = {
        "id": ban_id,
        "title": f"{event[:100]} ({content['country']}, {begins.isoformat()})",
        "country": content["country"],
        "authority": content["authority"],
        "targets": content["targets"],
        "shutdown": content["shutdown"],
        **({"binds": binds} if binds else {}),
        "begins": begins.isoformat(),
        "ends": ends.isoformat() if isinstance(ends, date) and not backwards else "unspecified",
        **({"regions": [where]} if _is_region(where) else {}),
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
        "notes": f"Draft from {origin}; where: {where or 'not said'}."
        + (f" {render_operators(operators)}"[:400] if operators else "")
        + " It needs a second source."
        + (" The table has it end before it begins." if backwards else ""),
    }
    return Draft(ban_id, yaml.safe_dump(ban, sort_keys=False, allow_unicode=True, width=110))


def _is_region(where: str) -> bool:
    """Return whether a place is part of a country, and not all of it."""
    plain = where.strip().lower()
    return bool(plain) and not any(word in plain for word in ("country", "nation", "entire", "all over"))


def parse_date(text: str) -> date | None:
    """Read a date in the forms of such tables (numbers alone: month first); None for other text."""
    bare = _AFTER_DATE.sub("", text.strip())
    if _SHEET_DAY.fullmatch(bare):
        return date(1899, 12, 30) + timedelta(days=int(bare[:5]))
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    return None
