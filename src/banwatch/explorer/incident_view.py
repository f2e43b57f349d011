"""What a reader sees of an incident."""

from dataclasses import dataclass

from banwatch.explorer import words
from banwatch.explorer.links import Links
from banwatch.explorer.mechanism_view import MechanismView, view_mechanisms
from banwatch.model.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident, ready to print."""

    id: str
    href: str
    kind: str
    sentence: str
    onset: str
    onset_exact: str
    end: str
    end_exact: str
    targets: tuple[str, ...]
    people: str
    networks: str
    mechanisms: tuple[MechanismView, ...]
    counts: str
    confidence: str
    witnesses: tuple[tuple[str, str], ...]
    """Id and address of the measurements that show it."""


def view_incident(incident: Incident, links: Links) -> IncidentView:
    """Compute what is shown of an incident."""
    onset = words.between(incident.onset_earliest, incident.onset_latest)
    exact = words.exact_between(incident.onset_earliest, incident.onset_latest)
    if not incident.onset_known:
        onset = f"before {words.day(incident.onset_earliest.date())}, when measuring began"
        exact = f"already so in the first measurement, {words.exact(incident.onset_latest)}"
    end, end_exact = "still going on at the last measurement", ""
    if incident.end_earliest is not None and incident.end_latest is not None:
        end = words.between(incident.end_earliest, incident.end_latest)
        end_exact = words.exact_between(incident.end_earliest, incident.end_latest)
    return IncidentView(
        id=incident.incident_id,
        href=links.incident(incident.incident_id),
        kind={"blocking": "Blocking", "shutdown": "Shutdown"}.get(incident.kind, incident.kind.value),
        sentence=incident.sentence,
        onset=onset,
        onset_exact=exact,
        end=end,
        end_exact=end_exact,
        targets=tuple(words.visible(target, 80) for target in incident.targets),
        people=words.listed([words.tier(name) for name in incident.access_tiers]),
        networks=words.listed([f"AS{asn}" for asn in incident.asns]),
        mechanisms=view_mechanisms(incident.mechanisms),
        counts=f"{words.counted(incident.measurements, 'measurement')} by "
        f"{words.counted(incident.probes, 'distinct voice')}",
        confidence=words.percent(incident.confidence),
        witnesses=tuple(
            (words.visible(uid, 80), href) for uid in incident.witnesses if (href := links.measurement(uid))
        ),
    )
