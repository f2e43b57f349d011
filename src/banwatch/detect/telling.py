"""An incident in a sentence that a reader can check."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from banwatch.detect.incidents.select import gather
from banwatch.detect.wording.outside_signals import beside, line
from banwatch.detect.wording.reasons import listed, reasons
from banwatch.model.cell import Cell
from banwatch.model.ids import render_asn
from banwatch.model.incident import Change, Incident, Kind
from banwatch.model.signal import Signal

PLAIN = (
    "id",
    "country",
    "asns",
    "targets",
    "kind",
    "mechanisms",
    "onset",
    "end",
    "confidence",
    "measurements",
    "witnesses",
)
"""What is told of an incident in verdicts that others made."""


def sentence(incident: Incident, *, own_resolver: bool = False) -> str:
    """Say what happened, where and since when, and on how many measurements that rests.

    Args:
        incident: of which nothing but the sentence is missing.
        own_resolver: whether it shows only with the networks' own resolvers.
    """
    networks = listed([render_asn(asn) for asn in incident.asns])
    tiers = [tier for tier in incident.access_tiers if tier]
    where = f"on {networks}" + (f" ({listed(tiers)} access)" if tiers else "") + f" in {incident.probe_cc}"
    if incident.kind is Kind.SHUTDOWN:
        what = f"The network went dark {where}"
        found = f"{incident.measurements} measurements found nothing that answered"
        count = found if incident.measurements else "told by the absence of what is usually measured there"
    else:
        what = f"{listed(list(incident.targets))} could not be reached as usual {where}"
        what += " with the network's own resolver, while public ones reached it" if own_resolver else ""
        count = f"{incident.measurements} measurements in which it could be told"
    return f"{what}, {_when(incident)}; {count}."


def _when(incident: Incident) -> str:
    if incident.onset_known:
        began = f"beginning between {_moment(incident.onset_earliest)} and {_moment(incident.onset_latest)}"
    else:
        began = f"already so at the first measurement, {_moment(incident.onset_latest)}"
    if incident.end_latest is None or incident.end_earliest is None:
        return f"{began}, not seen to end"
    return f"{began}, ending between {_moment(incident.end_earliest)} and {_moment(incident.end_latest)}"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def incident_lines(
    incidents: Iterable[Incident],
    *,
    as_json: bool,
    cells: Sequence[Cell] | None = None,
    signals: Sequence[Signal] | None = None,
    plain: bool = False,
) -> Iterator[str]:
    """Print incidents, one a line: JSON objects for machines, sentences for people.

    Args:
        incidents: as `group` gave them.
        as_json: for machines.
        cells: those that they were found in, to say why each is one; not said, if omitted.
        signals: what others report; those about an incident are named with it.
        plain: for machines, give what `PLAIN` names and nothing else but the signals.
    """
    for incident in incidents:
        why = reasons(incident, cells) if cells is not None else ()
        others = [line(signal) for signal in beside(incident, signals or ())]
        if as_json:
            wire = to_wire(incident)
            if plain:
                wire = {name: wire[name] for name in PLAIN}
            if cells is not None:
                wire["why"] = list(why)
            if signals is not None:
                wire["signals"] = others
            yield json.dumps(wire, ensure_ascii=False)
        else:
            yield f"{incident.incident_id}  {incident.sentence}"
            yield from (f"    {reason}" for reason in why)
            yield from (f"    Also: {other}" for other in others)


def aside_lines(changes: Sequence[Change], cells: Sequence[Cell], *, as_json: bool) -> Iterator[str]:
    """Print the changes that make no incident, each with the reason."""
    for change, reason in sorted(gather(changes, cells).aside.items(), key=lambda item: item[0].onset_latest):
        if as_json:
            yield json.dumps(
                {
                    "set_aside": reason,
                    "country": change.probe_cc,
                    "asns": [change.probe_asn],
                    "targets": [change.target] if change.target else [],
                    "kind": change.kind.value,
                    "onset": [_rfc3339(change.onset_earliest), _rfc3339(change.onset_latest)],
                },
                ensure_ascii=False,
            )
        else:
            what = change.target or "the network"
            where = f"{render_asn(change.probe_asn)} in {change.probe_cc}"
            yield f"set aside  {what} on {where}, {_moment(change.onset_latest)}: {reason}"


def to_wire(incident: Incident) -> dict[str, object]:
    """An incident as plain values.

    Wire: times are RFC 3339 UTC; intervals are `[earliest, latest]`; `end` is null while it lasts.
    """
    lasting = incident.end_earliest is None or incident.end_latest is None
    return {
        "id": incident.incident_id,
        "country": incident.probe_cc,
        "asns": list(incident.asns),
        "access_tiers": list(incident.access_tiers),
        "targets": list(incident.targets),
        "kind": incident.kind.value,
        "mechanisms": list(incident.mechanisms),
        "onset": [_rfc3339(incident.onset_earliest), _rfc3339(incident.onset_latest)],
        "onset_known": incident.onset_known,
        "end": None if lasting else [_rfc3339(incident.end_earliest), _rfc3339(incident.end_latest)],
        "confidence": incident.confidence,
        "measurements": incident.measurements,
        "probes": incident.probes,
        "witnesses": list(incident.witnesses),
        "sentence": incident.sentence,
    }


def _rfc3339(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Said = tuple[datetime, str, str]
"""When something was said, of which incident, and what: an entry of the log."""


def said_by(log: Iterable[Said], at: datetime) -> tuple[Said, ...]:
    """The view of a past moment: the last word on each incident by then, in order of ids."""
    last: dict[str, Said] = {}
    for entry in sorted(log):
        if entry[0] <= at:
            last[entry[1]] = entry
    return tuple(last[subject] for subject in sorted(last))


def said_lines(view: Sequence[Said], *, as_json: bool) -> Iterator[str]:
    """Print such a view, one incident a line."""
    for said_at, subject, says in view:
        if as_json:
            entry = {"id": subject, "said_at": _rfc3339(said_at), "says": says}
            yield json.dumps(entry, ensure_ascii=False)
        else:
            yield f"{subject}  {says} (said {_moment(said_at)})"
