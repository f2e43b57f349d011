"""Outside signals beside our incidents: who else saw something there and then. They change no incident."""

from collections.abc import Iterable
from datetime import timedelta

from banwatch.model.ids import UNKNOWN_COUNTRY
from banwatch.model.incident import Incident
from banwatch.model.signal import Signal

NEAR = timedelta(hours=6)
"""Signals this close to an incident speak of the same thing: their clocks and ours are coarse."""


def beside(incident: Incident, signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Signals about the incident's country or networks that overlap it in time, in the order given."""
    return tuple(
        signal for signal in signals if _same_place(incident, signal) and _same_time(incident, signal)
    )


def _same_place(incident: Incident, signal: Signal) -> bool:
    if signal.asn:
        known_elsewhere = signal.country not in (UNKNOWN_COUNTRY, incident.probe_cc)
        return signal.asn in incident.asns and not known_elsewhere
    return signal.country == incident.probe_cc


def _same_time(incident: Incident, signal: Signal) -> bool:
    ended = incident.end_latest is not None and signal.begins > incident.end_latest + NEAR
    over = signal.ends is not None and signal.ends < incident.onset_earliest - NEAR
    return not ended and not over


def line(signal: Signal) -> str:
    """A signal in words."""
    until = f" to {signal.ends:%Y-%m-%d %H:%M}" if signal.ends else ""
    where = f"AS{signal.asn}" if signal.asn else signal.country
    return f"{signal.source}: {signal.says or 'outage'}, {where}, {signal.begins:%Y-%m-%d %H:%M}{until} UTC"
