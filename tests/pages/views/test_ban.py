"""The page of a ban bounds its networks and its charts, and says how many networks are left out."""

from dataclasses import replace
from datetime import timedelta

from banwatch.model.ban import BoundNetwork
from banwatch.model.ids import Asn, TargetName
from banwatch.pages.days import DayCount, DayKey, fold_days
from banwatch.pages.figures import ban_figures
from banwatch.pages.figures.ban_figures import drawn_columns
from banwatch.pages.links import LiveLinks
from banwatch.pages.views.ban import MAX_COLUMNS, ban_chart_scope, read_ban, view_ban
from tests.pages.made_up_country import KP, START, MadeUpReader, make_country


def _wide(networks: int) -> MadeUpReader:
    reader = make_country(days=1, per_day=1)
    row = reader.rows[0]
    rows = [replace(row, probe_asn=Asn(n), access_tier="", measurements=n) for n in range(1, networks + 1)]
    named = replace(reader.ban.binds[0], asn=Asn(2), access_tier="") if reader.ban.binds else None
    assert isinstance(named, BoundNetwork)
    return MadeUpReader(ban=replace(reader.ban, binds=(named,)), rows=rows)


def test_networks_that_the_ban_names_come_first_then_those_measured_most() -> None:
    reader = _wide(MAX_COLUMNS + 10)
    findings = read_ban(reader, reader.ban.ban_id)
    shown = {column.vantage.probe_asn for column in findings.columns}
    assert shown == {2, *range(12, MAX_COLUMNS + 11)}
    assert findings.left_out == 10


def test_a_page_says_that_earlier_days_are_not_counted() -> None:
    reader = make_country(days=1, per_day=1)
    findings = read_ban(reader, reader.ban.ban_id)
    days = fold_days(reader.daily_cells(KP))
    cut, whole = (
        view_ban(findings, LiveLinks(), recorded=False, days=days, cut=cut) for cut in (True, False)
    )
    assert cut.measured_on.startswith(whole.measured_on + ", and before: ")


def test_a_table_of_few_networks_is_whole() -> None:
    reader = _wide(MAX_COLUMNS)
    findings = read_ban(reader, reader.ban.ban_id)
    assert len(findings.columns) == MAX_COLUMNS
    assert findings.left_out == 0


def test_charts_are_drawn_while_there_is_room() -> None:
    reader = _wide(MAX_COLUMNS)
    scope = ban_chart_scope(read_ban(reader, reader.ban.ban_id), recorded=False)
    (target,) = scope.targets
    vantage = scope.columns[0].vantage
    days = {
        DayKey(vantage, TargetName(target), (START + timedelta(days=n)).date()): DayCount(reachable=1)
        for n in (0, 49)
    }
    assert drawn_columns(scope, {}) == scope.columns
    assert drawn_columns(scope, days) == scope.columns
    many = replace(scope.bands[0], targets=(*(f"t{n}" for n in range(19)), target))
    assert len(drawn_columns(replace(scope, bands=(many,)), days)) == ban_figures.MAX_SQUARES // (20 * 50)
    huge = replace(scope.bands[0], targets=(*(f"t{n}" for n in range(9_999)), target))
    assert len(drawn_columns(replace(scope, bands=(huge,)), days)) == 1
