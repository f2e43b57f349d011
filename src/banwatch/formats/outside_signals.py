"""Outside signals in files: IODA's outage events, Cloudflare Radar's outage annotations, or a plain CSV.

Wire, each as its API answers, saved to a file. IODA: `{"data": [{"location": "country/UG", "start":
1610553600, "duration": 3600, "datasource": "bgp"}, ...]}`, in seconds; the list may be nested. Cloudflare:
`{"result": {"annotations": [{"startDate", "endDate", "locations": ["UG"], "asns": [20294], "description",
"linkedUrl"}]}}`. CSV: a header with the columns `source, country, begins`, optionally `asn, ends, says, url`.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from banwatch.formats.verdict_table import parse_moment
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import UNKNOWN_COUNTRY, Asn, parse_asn, parse_country
from banwatch.model.signal import Signal

MAX_BYTES = 64 * 2**20
MAX_SIGNALS = 100_000
MAX_SECONDS = 2**33
CSV_COLUMNS = frozenset({"source", "country", "begins"})


def read_signals(path: Path) -> tuple[Signal, ...]:
    """Read a file of signals, in order of time.

    Raises:
        BanwatchError: it cannot be read, or has none of the three forms.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BanwatchError(f"{path} has more than {MAX_BYTES} bytes", "Split it.")
        return parse_signals_untrusted(path.read_bytes())
    except OSError as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a file of signals.") from error
    except WireError as error:
        raise BanwatchError(f"{path}: {error.reason}", "docs/detect.md names the three forms.") from error


def parse_signals_untrusted(data: bytes) -> tuple[Signal, ...]:
    """Read signals in any of the three forms.

    Raises:
        WireError: it has none of them, or a value is not of its kind.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WireError("not UTF-8") from error
    if not text.lstrip().startswith(("{", "[")):
        return _sorted(_from_csv(text))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    result = content.get("result") if isinstance(content, dict) else None
    if isinstance(result, dict) and isinstance(result.get("annotations"), list):
        return _sorted(_from_cloudflare(result["annotations"]))
    events = content.get("data") if isinstance(content, dict) else content
    if isinstance(events, list):
        return _sorted(_from_ioda(events))
    raise WireError("neither IODA's events, nor Cloudflare's annotations, nor CSV")


def _sorted(signals: Iterator[Signal]) -> tuple[Signal, ...]:
    found = []
    for signal in signals:
        found.append(signal)
        if len(found) > MAX_SIGNALS:
            raise WireError(f"more than {MAX_SIGNALS} signals")
    return tuple(sorted(found, key=lambda s: (s.begins, s.source, s.country, s.asn, s.says)))


def _from_csv(text: str) -> Iterator[Signal]:
    try:
        reader = csv.DictReader(io.StringIO(text), restkey="", restval="")
        if not set(reader.fieldnames or ()) >= CSV_COLUMNS:
            raise WireError(f"no columns {', '.join(sorted(CSV_COLUMNS))}")
        for row in reader:
            begins, ends = parse_moment(row["begins"]), row.get("ends") or ""
            country = parse_country(row["country"].upper())
            yield _signal(
                begins,
                parse_moment(ends) if ends else None,
                row["source"],
                country,
                parse_asn(row.get("asn")),
                row.get("says") or "",
                row.get("url") or "",
            )
    except csv.Error as error:
        raise WireError("not CSV") from error


def _from_ioda(events: Sequence[object]) -> Iterator[Signal]:
    for event in events:
        if isinstance(event, list):
            yield from _from_ioda_flat(event)
        else:
            yield from _from_ioda_flat([event])


def _from_ioda_flat(events: Sequence[object]) -> Iterator[Signal]:
    for event in events:
        if not isinstance(event, dict):
            raise WireError("an event is not an object")
        kind, _, code = _text(event, "location").partition("/")
        if kind not in {"country", "asn"}:
            continue  # regions are finer than what we measure
        begins = _seconds(event.get("start"))
        duration = event.get("duration")
        ends = begins + timedelta(seconds=_number(duration)) if duration is not None else None
        country = parse_country(code) if kind == "country" else UNKNOWN_COUNTRY
        asn = parse_asn(code.partition("-")[0]) if kind == "asn" else Asn(0)
        source = f"IODA {_text(event, 'datasource')}".strip()
        yield _signal(begins, ends, source, country, asn, "outage", "")


def _from_cloudflare(annotations: Sequence[object]) -> Iterator[Signal]:
    for note in annotations:
        if not isinstance(note, dict):
            raise WireError("an annotation is not an object")
        begins = parse_moment(_text(note, "startDate"))
        ends = parse_moment(_text(note, "endDate")) if note.get("endDate") else None
        says, url = _text(note, "description") or "outage", _text(note, "linkedUrl")
        locations, asns = note.get("locations") or [], note.get("asns") or []
        if not isinstance(locations, list) or not isinstance(asns, list):
            raise WireError("locations or asns is not a list")
        for location in locations or [""]:
            for asn in asns or [0]:
                country = parse_country(str(location))
                yield _signal(begins, ends, "Cloudflare Radar", country, parse_asn(str(asn)), says, url)


def _signal(
    begins: datetime, ends: datetime | None, source: str, country: str, asn: int, says: str, url: str
) -> Signal:
    if ends is not None and ends < begins:
        raise WireError("a signal ends before it begins")
    return Signal(
        begins=begins,
        ends=ends,
        source=source[:100] or "unnamed",
        country=parse_country(country),
        asn=Asn(asn),
        says=" ".join(says.split())[:500],
        url=url[:500] if url.startswith(("http://", "https://")) else "",
    )


def _text(event: Mapping[str, object], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_SECONDS:
        raise WireError("a time is not a number of seconds")
    return float(value)


def _seconds(value: object) -> datetime:
    return datetime.fromtimestamp(_number(value), UTC)
