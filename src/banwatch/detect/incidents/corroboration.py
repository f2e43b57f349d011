"""Corroboration: how far outside signals raise or lower the confidence of a shutdown, by a likelihood ratio.

A silence has three explanations: somebody shut the network down, it failed by itself, or only our
measurements are missing. An observatory's outage tells the third from the others, and hardly the first from
the second. The result stands beside the incident; its own confidence is not changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from banwatch.detect import thresholds as t
from banwatch.detect.incidents import thresholds as s
from banwatch.detect.wording.outside_signals import render_signal, signals_beside
from banwatch.formats.json_views import OutsideJson, OutsideSignalJson, to_utc
from banwatch.model.ids import render_asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.signal import Signal

_NEAR = timedelta(hours=t.SIGNAL_NEAR_HOURS)
_WEEK_HOURS = 7 * 24
_WORDS = {
    "bgp": ("bgp", "withdraw", "route"),
    "active probing": ("ping", "trinocular", "probing", "slash24"),
    "telescope": ("telescope", "ibr", "-nt"),
}
"""Words in a signal's source by its kind; any other is taken for the kind that says least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corroboration:
    """Outside signals held against one shutdown."""

    likelihood_ratio: float
    """How much likelier the signals are if it was a shutdown than if it was none."""
    alone: float
    """Confidence of the incident without them."""
    confidence: float
    """Confidence with them."""
    seen: tuple[str, ...]
    """Observatories that saw an outage then, each with the kind of its signal."""
    not_seen: tuple[str, ...]
    """Observatories that watched the world then and saw none."""


def corroborate(incident: Incident, signals: Sequence[Signal]) -> Corroboration | None:
    """Weigh signals for and against a shutdown; None for blocking, and where none could tell.

    Args:
        incident: an incident.
        signals: all signals, also those of other countries: they show what an observatory watched.
    """
    if incident.kind is not IncidentKind.SHUTDOWN:
        return None
    beside: dict[str, set[str]] = {}
    for signal in signals_beside(incident, signals):
        beside.setdefault(observatory_of(signal), set()).add(kind_of(signal))
    watched = sorted(_watching(incident, signals) - set(beside))
    if not beside and not watched:
        return None
    shut, failed, ours = _explained(incident.confidence)
    chance = _chance(incident)
    evidence = [1.0, 1.0, 1.0]
    seen = []
    for observatory, kinds in sorted(beside.items()):
        kind = max(sorted(kinds), key=lambda one: s.SEEN_ORDERED[one] / s.SEEN_OTHER[one])
        seen.append(f"{observatory} ({kind})")
        for place, share in enumerate((s.SEEN_ORDERED[kind], s.SEEN_OTHER[kind], chance)):
            evidence[place] *= share
    for _ in watched:
        for place, share in enumerate((s.SEEN_AT_MOST, s.SEEN_AT_MOST, chance)):
            evidence[place] *= 1 - share
    evidence[2] = max(evidence[2], evidence[0] / s.SIGNAL_MOST_RATIO)
    evidence[2] = min(evidence[2], evidence[0] * s.SIGNAL_MOST_RATIO)
    against = (failed * evidence[1] + ours * evidence[2]) / (failed + ours)
    ratio = evidence[0] / against
    odds = shut / (failed + ours) * ratio
    return Corroboration(
        likelihood_ratio=round(ratio, 3),
        alone=incident.confidence,
        confidence=round(min(odds / (1 + odds), t.HIGHEST_CONFIDENCE), 4),
        seen=tuple(seen),
        not_seen=tuple(watched),
    )


def kind_of(signal: Signal) -> str:
    """Return the kind of a signal by the words of its source; the one that says least, for any other."""
    source = signal.source.lower()
    for kind, words in _WORDS.items():
        if any(word in source for word in words):
            return kind
    return min(s.SEEN_ORDERED, key=lambda kind: s.SEEN_ORDERED[kind])


def observatory_of(signal: Signal) -> str:
    """Return the observatory: IODA's kinds of signals are of one, and see the same outage."""
    return signal.source.split()[0] if signal.source.strip() else "unnamed"


def render_corroboration(found: Corroboration) -> str:
    """Return a corroboration in words."""
    parts = []
    if found.seen:
        parts.append(f"{', '.join(found.seen)} saw an outage then")
    if found.not_seen:
        parts.append(f"{', '.join(found.not_seen)} watched and saw none")
    return (
        f"Outside signals: {'; '.join(parts)}: {found.likelihood_ratio:.3g} times as likely if this was a "
        f"shutdown as if it was none. Confidence {found.alone:.2f} alone, {found.confidence:.2f} with them."
    )


def outside_json(incident: Incident, signals: Sequence[Signal]) -> OutsideJson | None:
    """Return the outside signals of a shutdown as its JSON has them; None where none could tell."""
    found = corroborate(incident, signals)
    if found is None:
        return None
    return OutsideJson(
        likelihood_ratio=found.likelihood_ratio,
        alone=found.alone,
        confidence=found.confidence,
        seen=found.seen,
        not_seen=found.not_seen,
        sentence=render_corroboration(found),
        signals=tuple(
            OutsideSignalJson(
                source=signal.source,
                country=signal.country,
                asn=render_asn(signal.asn) if signal.asn else None,
                begins=to_utc(signal.begins),
                ends=to_utc(signal.ends) if signal.ends else None,
                says=signal.says,
                url=signal.url,
                sentence=render_signal(signal),
            )
            for signal in signals_beside(incident, signals)
        ),
    )


def _explained(confidence: float) -> tuple[float, float, float]:
    """Return the probabilities of a shutdown, of a failure, and of a gap of ours, before any signal."""
    shut = min(max(confidence, 1 - t.HIGHEST_CONFIDENCE), t.HIGHEST_CONFIDENCE)
    failed = min(1 - shut, shut * s.OTHER_PER_ORDERED)
    return shut, failed, 1 - shut - failed


def _chance(incident: Incident) -> float:
    """Return the chance that an observatory sees an outage near an incident that is none."""
    until = incident.end_latest or incident.onset_earliest + timedelta(hours=s.LASTING_HOURS)
    hours = (until - incident.onset_earliest + 2 * _NEAR).total_seconds() / 3600
    return min(s.OUTAGES_PER_WEEK * hours / _WEEK_HOURS, s.SEEN_AT_MOST)


def _watching(incident: Incident, signals: Sequence[Signal]) -> set[str]:
    """Return the observatories whose signals are of many countries, from before an incident to after it."""
    span: dict[str, tuple[datetime, datetime]] = {}
    countries: dict[str, set[str]] = {}
    for signal in signals:
        name = observatory_of(signal)
        first, last = span.get(name, (signal.begins, signal.begins))
        span[name] = min(first, signal.begins), max(last, signal.begins)
        countries.setdefault(name, set()).add(signal.country)
    over = incident.end_latest or incident.onset_latest
    return {
        name
        for name, (first, last) in span.items()
        if first <= incident.onset_earliest and last >= over and len(countries[name]) >= s.OBSERVED_COUNTRIES
    }
