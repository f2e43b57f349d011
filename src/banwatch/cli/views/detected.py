"""Incidents that a detection found, and past views of the incidents."""

from collections.abc import Iterable, Sequence

from banwatch.cli.views.incident_lines import aside_lines, incident_lines, said_lines
from banwatch.detect.incidents.past_views import Publication
from banwatch.model.incident import Incident
from banwatch.model.signal import Signal
from banwatch.pipeline.detect_table import Detected


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
