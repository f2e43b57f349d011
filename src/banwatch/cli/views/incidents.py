"""Incidents, changes that were set aside, and past views of the incidents."""

import json
from collections.abc import Iterable, Iterator, Sequence

from banwatch.cli.views.json_lines import to_plain
from banwatch.cli.views.messages import note
from banwatch.detect.incidents.corroboration import outside_json
from banwatch.detect.incidents.past_views import Publication
from banwatch.detect.incidents.select import select_changes
from banwatch.detect.wording.moments import render_moment
from banwatch.detect.wording.outside_signals import render_signal, signals_beside
from banwatch.detect.wording.reasons import reasons
from banwatch.formats.json_views import IncidentJson, to_utc
from banwatch.model.cell import Cell
from banwatch.model.ids import render_asn
from banwatch.model.incident import Change, Incident
from banwatch.model.signal import Signal
from banwatch.pipeline.reading.detect_table import Detected

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
"""Keys of an incident that was found in a table of foreign verdicts."""


def incident_lines(
    incidents: Iterable[Incident],
    *,
    as_json: bool,
    cells: Sequence[Cell] | None = None,
    signals: Sequence[Signal] | None = None,
    plain: bool = False,
) -> Iterator[str]:
    """Render incidents, one a line: JSON objects for machines, sentences for people.

    Args:
        incidents: as `group` gave them.
        as_json: whether the lines are for machines.
        cells: the cells that the incidents were found in; if given, reasons follow each incident.
        signals: reports of other observatories; those about an incident are named with it.
        plain: whether JSON has the keys of `PLAIN` alone, and those of the signals.
    """
    for incident in incidents:
        why = reasons(incident, cells) if cells is not None else ()
        outside = outside_json(incident, signals or ())
        others = [render_signal(signal) for signal in signals_beside(incident, signals or ())]
        if as_json:
            wire: dict[str, object] = to_plain(IncidentJson.from_incident(incident, outside))
            if plain:
                also = ("outside",) if signals is not None else ()
                wire = {name: wire[name] for name in (*PLAIN, *also)}
            if cells is not None:
                wire["why"] = list(why)
            if signals is not None:
                wire["signals"] = others
            yield json.dumps(wire, ensure_ascii=False)
        else:
            yield f"{incident.incident_id}  {incident.sentence}"
            yield from (f"    {reason}" for reason in why)
            yield from (f"    Also: {other}" for other in others)
            if outside is not None:
                yield f"    {outside.sentence}"


def aside_lines(changes: Sequence[Change], cells: Sequence[Cell], *, as_json: bool) -> Iterator[str]:
    """Render the changes that make no incident, each with the reason."""
    for change, reason in sorted(
        select_changes(changes, cells).aside.items(), key=lambda item: item[0].onset_latest
    ):
        if as_json:
            yield json.dumps(
                {
                    "set_aside": reason,
                    "country": change.probe_cc,
                    "asns": [change.probe_asn],
                    "targets": [change.target] if change.target else [],
                    "kind": change.kind.value,
                    "onset": to_plain([to_utc(change.onset_earliest), to_utc(change.onset_latest)]),
                },
                ensure_ascii=False,
            )
        else:
            what = change.target or "the network"
            where = f"{render_asn(change.probe_asn)} in {change.probe_cc}"
            yield f"set aside  {what} on {where}, {render_moment(change.onset_latest)}: {reason}"


def said_lines(view: Sequence[Publication], *, as_json: bool) -> Iterator[str]:
    """Render a past view of the incidents, one a line."""
    for said_at, subject, says in view:
        if as_json:
            entry = {"id": subject, "said_at": to_plain(to_utc(said_at)), "says": says}
            yield json.dumps(entry, ensure_ascii=False)
        else:
            yield f"{subject}  {says} (said {render_moment(said_at)})"


def show_detected(
    found: Detected, *, signals: Sequence[Signal] | None, why: bool, is_foreign: bool, as_json: bool
) -> None:
    """Print incidents, and with `why` the reasons for each and the changes that were set aside."""
    lines = incident_lines(
        found.incidents,
        as_json=as_json,
        cells=found.cells if why else None,
        signals=signals,
        plain=is_foreign and not why,
    )
    for line in lines:
        print(line)
    if found.wrong_clocks:
        note(f"{found.wrong_clocks:,} measurements left out: made after they were received, by a wrong clock")
    if why:
        for line in aside_lines(found.changes, found.cells, as_json=as_json):
            print(line)


def show_incidents(incidents: Iterable[Incident], *, as_json: bool) -> None:
    """Print incidents, one a line."""
    for line in incident_lines(incidents, as_json=as_json):
        print(line)


def show_past_view(entries: Sequence[Publication], *, as_json: bool) -> None:
    """Print what was published of each incident at a past moment."""
    for line in said_lines(entries, as_json=as_json):
        print(line)
