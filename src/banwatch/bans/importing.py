"""Drafts of ban files from the tables of others: Access Now's STOP, and lists of outages.

A row of such a table is one source. A draft therefore lacks what the register asks for, a second one, and
says so in its notes: a person completes it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import yaml
from babel import Locale

from banwatch.model.errors import BanwatchError

MAX_BYTES = 64 * 2**20
STOP_COLUMNS = frozenset({"start_date", "end_date", "country", "shutdown_type"})
OUTAGE_COLUMNS = frozenset({"Begin time", "End time", "Country", "Cause"})
GOVERNMENT_CAUSES = ("government", "exam")
"""Causes of an outage list that are somebody's order, by a word in them."""

_SERVICES = {
    "facebook_affected": "facebook.com",
    "twitter_affected": "twitter.com",
    "whatsapp_affected": "whatsapp.com",
    "instagram_affected": "instagram.com",
    "telegram_affected": "telegram.org",
}
_DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%A, %B %d, %Y", "%B %d, %Y", "%d %B %Y")
_AFTER_DATE = re.compile(r"[,\s]+\d{1,2}:\d{1,2}(:\d{2})?\s*([AP]M)?$", re.IGNORECASE)
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


def read_drafts(path: Path) -> Iterator[Draft]:
    """Read a table and draft a ban for each of its rows that is one.

    Raises:
        BanwatchError: it cannot be read, or is neither of the two kinds of table.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BanwatchError(f"{path} has more than {MAX_BYTES} bytes", "Split it.")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a CSV file in UTF-8.") from error
    try:
        reader = csv.DictReader(io.StringIO(text), restkey="", restval="")
        columns = {name.strip() for name in reader.fieldnames or () if name}
        if columns >= STOP_COLUMNS:
            draft, table = _from_stop, "Access Now, STOP"
        elif columns >= OUTAGE_COLUMNS:
            draft, table = _from_outages, "a list of outages"
        else:
            raise BanwatchError(
                f"{path} is neither STOP nor a list of outages",
                f"It needs {', '.join(sorted(STOP_COLUMNS))}; or {', '.join(sorted(OUTAGE_COLUMNS))}.",
            )
        taken: set[str] = set()
        for number, row in enumerate(reader, start=2):
            clean = {key.strip(): str(value).strip() for key, value in row.items() if key and value}
            content = draft(clean)
            if content is not None:
                yield _finish(content, f"{path.name}, line {number} ({table})", taken)
    except csv.Error as error:
        raise BanwatchError(f"{path} is not CSV: {error}", "Export it again.") from error


def _from_stop(row: Mapping[str, str]) -> dict[str, object] | None:
    country, begins = country_code(row.get("country", "")), parse_date(row.get("start_date", ""))
    if country is None or begins is None:
        return None
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


def _from_outages(row: Mapping[str, str]) -> dict[str, object] | None:
    country, begins = country_code(row.get("Country", "")), parse_date(row.get("Begin time", ""))
    cause = row.get("Cause", "")
    if country is None or begins is None or not any(word in cause.lower() for word in GOVERNMENT_CAUSES):
        return None
    return {
        "country": country,
        "authority": "unspecified",
        "targets": [],
        "shutdown": True,
        "begins": begins,
        "ends": parse_date(row.get("End time", "")),
        "url": "",
        "publisher": "the table itself",
        "event": cause,
        "where": next((text for column, text in row.items() if column.startswith("Scope")), ""),
    }


def _finish(content: Mapping[str, object], origin: str, taken: set[str]) -> Draft:
    begins, ends = content["begins"], content["ends"]
    assert isinstance(begins, date)
    stem = f"{str(content['country']).lower()}-{begins.isoformat()}"
    ban_id, number = stem, 2
    while ban_id in taken:
        ban_id, number = f"{stem}-{number}", number + 1
    taken.add(ban_id)
    event = " ".join(str(content["event"]).split())[:300] or "Restriction"
    where = " ".join(str(content["where"]).split())[:200]
    ban: dict[str, object] = {
        "id": ban_id,
        "title": f"{event[:100]} ({content['country']}, {begins.isoformat()})",
        "country": content["country"],
        "authority": content["authority"],
        "targets": content["targets"],
        "shutdown": content["shutdown"],
        "begins": begins.isoformat(),
        "ends": ends.isoformat() if isinstance(ends, date) else "unspecified",
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
        "notes": f"Draft from {origin}; where: {where or 'not said'}. It needs a second source.",
    }
    return Draft(ban_id, yaml.safe_dump(ban, sort_keys=False, allow_unicode=True, width=110))


def parse_date(text: str) -> date | None:
    """Read a date as such tables write it (month first where only numbers stand); None where it is none."""
    bare = _AFTER_DATE.sub("", text.strip())
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    return None


def country_code(name: str) -> str | None:
    """The ISO 3166-1 code of a country by its English name; None where it is not known."""
    wanted = " ".join(name.lower().split())
    if wanted in _OTHER_NAMES:
        return _OTHER_NAMES[wanted]
    for code, known in Locale("en").territories.items():
        if len(code) == 2 and code.isalpha() and known.lower() == wanted:
            return str(code)
    return None
