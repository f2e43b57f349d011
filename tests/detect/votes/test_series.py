"""Series: the hours with informative measurements, merged over resolvers, as steps with gaps."""

from msgspec.structs import replace

from banwatch.detect import fold
from banwatch.detect.votes.series import arrange, of_targets, to_steps
from banwatch.model.resolver import ResolverKind
from banwatch.model.state import State
from tests.detect.making import START, hours, verdict


def test_hours_without_informative_measurements_are_gaps() -> None:
    states = (State.OK, State.DOWN, State.INSUFFICIENT, State.LIKELY_BLOCKED)
    (series,) = arrange(fold(verdict(START + hours(n), state, probe="a") for n, state in enumerate(states)))
    steps = to_steps([series])
    assert [cell.hour for cell in series.cells] == [START, START + hours(3)]
    assert steps.gap_hours[:, 0].tolist() == [0, 3]
    assert steps.accusing[:, 0].tolist() == [0, 1]
    assert steps.informative[:, 0].tolist() == [1, 1]


def test_cells_of_one_hour_are_merged_over_resolvers() -> None:
    rows = [
        replace(verdict(START, state, probe=name, report=name), resolver_kind=kind)
        for state, name, kind in (
            (State.LIKELY_BLOCKED, "a", ResolverKind.NETWORK),
            (State.OK, "b", ResolverKind.PUBLIC),
        )
    ]
    (series,) = arrange(fold(rows))
    (cell,) = series.cells
    assert (cell.likely_blocked, cell.ok, cell.accusers, cell.absolvers) == (1, 1, ("a",), ("b",))


def test_one_number_a_target_of_a_country() -> None:
    rows = [verdict(START, State.OK, target=t, asn=n) for t, n in (("a.com", 1), ("a.com", 2), ("b.com", 1))]
    assert of_targets(arrange(fold(rows))).tolist() == [0, 0, 1]
