"""Outside signals beside incidents: reports of other observatories. They change no incident."""

from collections.abc import Iterable
from datetime import timedelta

from banwatch.detect import thresholds as t
from banwatch.model.ids import UNKNOWN_COUNTRY
from banwatch.model.incident import Incident
from banwatch.model.signal import Signal

_NEAR = timedelta(hours=t.SIGNAL_NEAR_HOURS)


def signals_beside(incident: Incident, signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return the signals about an incident's country or networks that overlap it in time, in order."""
    return tuple(
        signal for signal in signals if _in_same_area(incident, signal) and _same_time(incident, signal)
    )


def _in_same_area(incident: Incident, signal: Signal) -> bool:
    if signal.asn:
        elsewhere = signal.country not in (UNKNOWN_COUNTRY, incident.probe_cc)
        return signal.asn in incident.asns and not elsewhere
    return signal.country == incident.probe_cc


def _same_time(incident: Incident, signal: Signal) -> bool:
    ended = incident.end_latest is not None and signal.begins > incident.end_latest + _NEAR
    over = signal.ends is not None and signal.ends < incident.onset_earliest - _NEAR
    return not ended and not over


def render_signal(signal: Signal) -> str:
    """Return a signal in words: source, report, place and time."""
    until = f" to {signal.ends:%Y-%m-%d %H:%M}" if signal.ends else ""
    where = f"AS{signal.asn}" if signal.asn else signal.country
    return f"{signal.source}: {signal.says or 'outage'}, {where}, {signal.begins:%Y-%m-%d %H:%M}{until} UTC"
