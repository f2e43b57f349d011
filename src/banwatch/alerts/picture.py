"""Picture of an incident: the chart of the vantage with the most measurements, as PNG."""

from collections import Counter
from datetime import timedelta

from banwatch.model.ids import TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.days import fold_days
from banwatch.pages.figures.ban_figures import ChartScope, charts
from banwatch.pages.figures.chart import Band
from banwatch.pages.figures.draw import draw_png
from banwatch.pages.links import LiveLinks
from banwatch.pages.reader import Reader
from banwatch.pages.vantages import Vantage
from banwatch.pages.views.columns import column_of

_MARGIN = timedelta(days=3)
"""Time before and after an incident that its chart shows."""
_MOST_TARGETS = 24
"""Targets in a chart: more make a picture that a telephone shows in part only."""


def draw_incident(reader: Reader, incident: Incident) -> bytes | None:
    """Draw an incident; None where nothing was measured that a chart could show."""
    until = incident.end_latest + _MARGIN if incident.end_latest else None
    wanted = incident.targets[:_MOST_TARGETS]
    cells = [
        cell
        for cell in reader.daily_cells(
            incident.probe_cc,
            targets=wanted if incident.kind is IncidentKind.BLOCKING else None,
            since=incident.onset_earliest - _MARGIN,
            until=until,
        )
        if cell.probe_asn in incident.asns and cell.access_tier in incident.access_tiers
    ]
    if incident.kind is IncidentKind.SHUTDOWN:
        wanted = tuple(sorted({cell.target for cell in cells})[:_MOST_TARGETS])
    days = fold_days(cell for cell in cells if cell.target in wanted)
    weights: Counter[Vantage] = Counter()
    for key, count in days.items():
        weights[key.vantage] += count.total
    if not weights:
        return None
    vantage = min(weights, key=lambda one: (-weights[one], one))
    scope = ChartScope(
        subject_id=incident.incident_id,
        columns=(column_of(vantage),),
        bands=(Band(title="Targets", targets=tuple(TargetName(name) for name in wanted)),),
        begins=None,
        lab=any(reader.labs((incident.probe_cc,))),
        recorded=reader.recorded(),
    )
    own = {key: count for key, count in days.items() if key.vantage == vantage}
    for _, chart in charts(scope, own, [], LiveLinks()):
        return draw_png(chart)
    return None
