"""Questions of pages over rollups: totals, pages of rows by cursor, and the same on both engines."""

from datetime import timedelta

from banwatch.model.ids import Asn, CountryCode, TargetName
from banwatch.model.state import State
from banwatch.store import Store
from banwatch.store.counting import rolled_up as reading
from tests.store.verdict_rows import START, verdict

KP, IR = CountryCode("KP"), CountryCode("IR")


def _fill(store: Store) -> None:
    rows = [
        verdict(
            n,
            target=TargetName(f"{'abc'[n % 3]}'s.org"),
            probe_asn=Asn(1 + n % 2),
            probe_cc=KP if n < 20 else IR,
            state=State.BLOCKED if n % 5 == 0 else State.OK,
            measurement_start_time=START + n % 7 * timedelta(days=9),
        )
        for n in range(24)
    ]
    with store.transaction():
        store.append("verdict", rows)


def test_totals_and_pages(any_store: Store) -> None:
    _fill(any_store)
    assert [(c.probe_cc, c.total, c.interfered, c.days) for c in reading.countries(any_store)] == [
        ("IR", 4, 1, 4),
        ("KP", 20, 4, 7),
    ]
    assert [(n.probe_asn, n.total) for n in reading.networks(any_store, KP)] == [(1, 10), (2, 10)]
    assert [n.probe_asn for n in reading.networks(any_store, KP, after=1)] == [2]
    totals = [(t.target, t.total) for t in reading.targets(any_store, KP)]
    assert totals == [("a's.org", 7), ("b's.org", 7), ("c's.org", 6)]
    assert [t.target for t in reading.targets(any_store, KP, after="a's.org", limit=1)] == ["b's.org"]
    assert [t.probe_cc for t in reading.countries_of_target(any_store, "a's.org")] == ["IR", "KP"]
    assert [w.probe_asn for w in reading.witnesses(any_store, KP)] == [1, 2]
    days = reading.country_days(any_store, probe_cc=KP, since=START + timedelta(days=9), limit=2)
    assert [d.day - START for d in days] == [timedelta(days=9), timedelta(days=18)]
    assert len(reading.country_days(any_store)) == 11


def test_daily_cells_come_page_by_page(any_store: Store) -> None:
    _fill(any_store)
    every = reading.daily_cells(any_store, KP)
    assert sum(day.total for day in every) == 20
    pages, after = [], None
    while page := reading.daily_cells(any_store, KP, after=after, limit=3):
        pages += page
        after = (page[-1].target, page[-1].probe_asn, page[-1].access_tier, page[-1].day)
    assert pages == every
    some = reading.daily_cells(any_store, KP, targets=["a's.org", "'); DROP TABLE cell; --"])
    assert some == [day for day in every if day.target == "a's.org"]
    assert reading.daily_cells(any_store, KP, targets=[]) == []
    late = reading.daily_cells(
        any_store, KP, since=START + timedelta(days=9), until=START + timedelta(days=18)
    )
    assert late == [day for day in every if day.day == START + timedelta(days=9)]


def test_days_that_fit_are_whole(any_store: Store) -> None:
    _fill(any_store)
    every = reading.daily_cells(any_store, KP)
    for most in range(1, len(every) + 2):
        first = reading.whole_days_from(any_store, KP, most=most)
        kept = [cell for cell in every if first is None or cell.day >= first]
        assert (first is None) == (most >= len(every))
        last = [cell for cell in every if cell.day == max(one.day for one in every)]
        assert len(kept) <= most or kept == last  # a last day alone may be too much
        left = [cell for cell in every if first is not None and cell.day < first]
        if left:  # the day before would not have fitted
            before = max(cell.day for cell in left)
            assert len(kept) + sum(cell.day == before for cell in left) > most
    assert reading.whole_days_from(any_store, KP, targets=["a's.org"], most=7) is None
    assert reading.whole_days_from(any_store, KP, targets=[], most=1) is None
