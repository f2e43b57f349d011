"""Everything on a network impaired at once is an incident that accuses nobody; and its twins."""

from itertools import count

from banwatch.detect import find_changes, fold, group
from banwatch.detect.wording.reasons import reasons
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

TARGETS = tuple(f"site{n}.org" for n in range(6))
DAYS = 20
BAD = range(12 * 24, 12 * 24 + 10)


def _rows(
    bad: dict[int, range],
    *,
    asns: tuple[int, ...] = (1001, 1002),
    only: tuple[str, ...] = TARGETS,
    state: State = State.IMPAIRED,
    lone: bool = False,
    countries: tuple[str, ...] = ("AA",),
) -> list[Verdict]:
    """Networks that two probes measure every second hour; some of it fails in some hours of some networks."""
    serial = count()
    rows = []
    for cc in countries:
        for asn in asns:
            for hour in range(0, DAYS * 24, 2):
                for probe in ("a", "b"):
                    failing = hour in bad.get(asn, ())
                    if failing and lone and probe == "b":
                        continue
                    for target in TARGETS:
                        said = state if failing and target in only else State.OK
                        at = START + hours(hour + 0.1)
                        name = f"{cc}{asn}{probe}"
                        rows.append(
                            verdict(at, said, target=target, cc=cc, asn=asn, probe=name, serial=next(serial))
                        )
    return rows


def _found(rows: list[Verdict]) -> list[Incident]:
    cells = fold(rows)
    incidents = group(find_changes(cells), cells)
    return [one for one in incidents if one.kind is IncidentKind.IMPAIRMENT]


def test_a_network_on_which_all_is_impaired_for_hours_is_told_and_nobody_accused() -> None:
    rows = _rows({1001: BAD})
    (found,) = _found(rows)
    assert (found.asns, found.targets, found.mechanisms) == ((1001,), (), ())
    assert found.onset_earliest <= START + hours(BAD[0]) <= found.onset_latest + hours(1)
    assert found.end_earliest is not None
    assert "Nearly everything failed or came too slowly on AS1001 in AA" in found.sentence
    assert "no cause that shows interference" in found.sentence
    assert "on AS1001 alone, while AS1002 went on" in found.sentence
    said = " ".join(reasons(found, fold(rows)))
    assert "60 measurements of 6 targets did not load" in said
    assert "block" not in found.sentence + said


def test_what_is_measured_by_one_voice_alone_or_of_few_targets_is_no_impairment() -> None:
    assert _found(_rows({1001: BAD}, lone=True)) == []
    assert _found(_rows({1001: BAD}, only=TARGETS[:3])) == []
    assert _found(_rows({1001: range(BAD[0], BAD[0] + 4)})) == []
    assert _found(_rows({})) == []


def test_what_is_blocked_or_silent_is_told_as_that() -> None:
    assert _found(_rows({1001: BAD}, state=State.LIKELY_BLOCKED)) == []
    assert _found(_rows({1001: BAD}, state=State.INSUFFICIENT)) == []


def test_a_network_that_is_bad_on_most_days_has_its_own_baseline() -> None:
    often = {1001: tuple(hour for hour in range(DAYS * 24) if hour % 24 in range(10, 20))}
    assert len(_found(_rows(often))) <= 1  # type: ignore[arg-type]  # hours that are no range


def test_where_many_countries_are_impaired_at_once_it_is_the_measuring() -> None:
    assert _found(_rows({1001: BAD}, asns=(1001,), countries=("AA", "BB", "CC", "DD"))) == []
