"""Outside signals in files: IODA's events and alerts, Cloudflare Radar's outages, or a plain CSV.

Wire, each as its API answers, saved to a file. IODA's events: `{"data": [{"location": "country/UG", "start":
1610553600, "duration": 3600, "datasource": "bgp"}, ...]}`, in seconds; the list may be nested, and in place
of `location`, `start` and `duration` may stand `entity: {"type", "code"}`, `from` and `until`. IODA's alerts:
`{"datasource", "entity", "time", "level": "critical"}`, of which one that is `normal` ends what came before.
Cloudflare's annotations: `{"result": {"annotations": [{"startDate", "endDate", "locations": ["UG"], "asns":
[20294], "description", "linkedUrl"}]}}`, and its anomalies: `{"result": {"trafficAnomalies": [{"startDate",
"endDate", "locationDetails": {"code"}, "asnDetails": {"asn"}}]}}`. CSV: a header with the columns `source,
country, begins`, optionally `asn, ends, says, url`.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from banwatch.formats.encoded_text import decode_untrusted
from banwatch.formats.verdict_table import parse_moment
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import UNKNOWN_COUNTRY, Asn, parse_asn, parse_country
from banwatch.model.signal import Signal

MAX_BYTES = 64 * 2**20
MAX_SIGNALS = 100_000
MAX_SECONDS = 2**33
CSV_COLUMNS = frozenset({"source", "country", "begins"})


def read_signals(path: Path, passed_over: Counter[str] | None = None) -> tuple[Signal, ...]:
    """Read a file of signals, in order of time.

    Args:
        path: of the file.
        passed_over: counts what gave no signal, by reason.

    Raises:
        BanwatchError: it cannot be read, or has none of the forms.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BanwatchError(f"{path} has more than {MAX_BYTES} bytes", "Split it.")
        return parse_signals_untrusted(path.read_bytes(), passed_over)
    except OSError as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a file of signals.") from error
    except WireError as error:
        raise BanwatchError(f"{path}: {error.reason}", "docs/detect.md names the forms.") from error


def parse_signals_untrusted(data: bytes, passed_over: Counter[str] | None = None) -> tuple[Signal, ...]:
    """Read signals in any of the forms.

    Args:
        data: content of the file.
        passed_over: counts what gave no signal, by reason.

    Raises:
        WireError: it has none of the forms, is an error of the API, holds nothing of a country or a network,
            or a value is not of its kind.
    """
    counts: Counter[str] = passed_over if passed_over is not None else Counter()
    before = counts.total()
    text = decode_untrusted(data)
    if not text.lstrip().startswith(("{", "[")):
        found = _sorted(_from_csv(text))
    else:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WireError("not JSON") from error
        found = _sorted(_from_json(content, counts))
    if not found and counts.total() > before:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
        raise WireError(f"nothing in it is of a country or a network: {reasons}")
    return found


def _from_json(content: object, passed_over: Counter[str]) -> Iterator[Signal]:
    if isinstance(content, dict):
        _refuse_errors(content)
        result = content.get("result")
        if isinstance(result, dict) and isinstance(result.get("annotations"), list):
            return _from_cloudflare(result["annotations"])
        if isinstance(result, dict) and isinstance(result.get("trafficAnomalies"), list):
            return _from_anomalies(result["trafficAnomalies"])
        if str(content.get("type", "")).endswith(".summary"):
            raise WireError(
                "IODA's summary gives scores and no times: save its outages/events or outages/alerts instead"
            )
    events = content.get("data") if isinstance(content, dict) else content
    if isinstance(events, list):
        flat = [event for item in events for event in (item if isinstance(item, list) else [item])]
        if flat and all(isinstance(event, dict) and "level" in event and "time" in event for event in flat):
            return _from_alerts(flat, passed_over)
        return _from_ioda(flat, passed_over)
    raise WireError("neither IODA's events or alerts, nor Cloudflare's annotations, nor CSV")


def _refuse_errors(content: Mapping[str, object]) -> None:
    """Give an API's own words where it answered with an error.

    Raises:
        WireError: it did.
    """
    error = content.get("error")
    if isinstance(error, str) and error:
        raise WireError(f"the API answered with an error: {error[:300]}")
    errors = content.get("errors")
    if content.get("success") is False and isinstance(errors, list):
        words = [str(e.get("message", e)) if isinstance(e, dict) else str(e) for e in errors[:3]]
        raise WireError(f"the API answered with an error: {'; '.join(words)[:300] or 'without a reason'}")


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


def _place_of(event: Mapping[str, object]) -> tuple[str, str]:
    """Read the kind and code of a place: `country`, `UG`."""
    entity = event.get("entity")
    if isinstance(entity, dict):
        return _text(entity, "type"), _text(entity, "code")
    kind, _, code = _text(event, "location").partition("/")
    return kind, code


def _of_place(kind: str, code: str) -> tuple[str, Asn] | None:
    """Read the country and network of a place; None for one that is neither."""
    if kind == "country":
        country = parse_country(code.upper())
        return (country, Asn(0)) if country != UNKNOWN_COUNTRY else None
    if kind == "asn":
        return UNKNOWN_COUNTRY, parse_asn(code.partition("-")[0])
    return None


def _from_ioda(events: Sequence[object], passed_over: Counter[str]) -> Iterator[Signal]:
    for event in events:
        if not isinstance(event, dict):
            raise WireError("an event is not an object")
        kind, code = _place_of(event)
        place = _of_place(kind, code)
        if place is None:
            passed_over[f"of a {kind[:40]}" if kind else "without a place"] += 1
            continue
        begins = _seconds(event.get("start", event.get("from")))
        duration, until = event.get("duration"), event.get("until")
        ends = begins + timedelta(seconds=_number(duration)) if duration is not None else None
        if ends is None and until is not None:
            ends = _seconds(until)
        source = f"IODA {_text(event, 'datasource')}".strip()
        yield _signal(begins, ends, source, *place, "outage", "")


def _from_alerts(alerts: Sequence[Mapping[str, object]], passed_over: Counter[str]) -> Iterator[Signal]:
    """Make an outage of the alerts from the first one up to the next that says `normal`."""
    began: dict[tuple[str, str, str], datetime] = {}
    for alert in sorted(alerts, key=lambda alert: _number(alert.get("time"))):
        kind, code = _place_of(alert)
        place = _of_place(kind, code)
        if place is None:
            passed_over[f"of a {kind[:40]}" if kind else "without a place"] += 1
            continue
        key = (f"IODA {_text(alert, 'datasource')}".strip(), kind, code)
        at = _seconds(alert.get("time"))
        if _text(alert, "level") != "normal":
            began.setdefault(key, at)
        elif key in began:
            yield _signal(began.pop(key), at, key[0], *place, "alert", "")
        else:
            passed_over["that says normal after no alert"] += 1
    for (source, kind, code), at in began.items():
        place = _of_place(kind, code)
        if place is not None:
            yield _signal(at, None, source, *place, "alert", "")


def _from_anomalies(anomalies: Sequence[object]) -> Iterator[Signal]:
    for anomaly in anomalies:
        if not isinstance(anomaly, dict):
            raise WireError("an anomaly is not an object")
        begins = parse_moment(_text(anomaly, "startDate"))
        ends = parse_moment(_text(anomaly, "endDate")) if anomaly.get("endDate") else None
        location, network = anomaly.get("locationDetails"), anomaly.get("asnDetails")
        within = network.get("locations") if isinstance(network, dict) else None
        named = location if isinstance(location, dict) else within if isinstance(within, dict) else {}
        asn = str(network.get("asn", "")) if isinstance(network, dict) else ""
        yield _signal(
            begins, ends, "Cloudflare Radar", _text(named, "code"), parse_asn(asn), "traffic anomaly", ""
        )


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
