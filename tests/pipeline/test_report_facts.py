"""A report behind a gateway comes out the same in whatever parts it comes in, however often it is judged."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from banwatch import reference
from banwatch.model.reference import Reference
from banwatch.model.state import State
from banwatch.pipeline.deciding.retract import retract
from banwatch.pipeline.ingest import ingest
from banwatch.pipeline.rebuild import rebuild
from banwatch.store import Store, queries
from banwatch.store.tables import MEASURED
from tests.judge.scenario import Scenario
from tests.judge.test_paced_pages import FAST, held
from tests.judge.test_reports import UNANSWERED, WALL, measured
from tests.pipeline.measurement_lines import write

ALIKE = [*(measured(WALL, n) for n in range(6)), measured(UNANSWERED, 6)]
ITSELF = measured(Scenario(), 7)
ELSEWHERE = measured(Scenario(), 8, report_id="another report")


@pytest.fixture(scope="module")
def reference_data() -> Reference:
    """Give the shipped reference data."""
    return reference.load()


def ingested(path: Path, data: Reference, parts: list[list[bytes]]) -> Store:
    """Make a store of some files, each ingested by itself."""
    store = Store.open(path)
    for number, lines in enumerate(parts):
        ingest(store, [write(path.with_name(f"{path.stem}-{number}.jsonl"), lines)], data)
    return store


def rules_of(store: Store) -> list[str]:
    return [verdict.rules[0] for verdict in queries.verdicts(store)]


def digests(store: Store) -> list[str]:
    return [store.digest(name) for name in MEASURED]


PARTS = {
    "whole": [[*ALIKE, ELSEWHERE]],
    "split": [ALIKE[:2], [*ALIKE[2:4], ELSEWHERE], ALIKE[4:]],
    "backwards": [ALIKE[4:][::-1], [ELSEWHERE], ALIKE[:4][::-1]],
}


@pytest.mark.slow
def test_parts_of_a_report_give_the_same_as_the_whole(tmp_path: Path, reference_data: Reference) -> None:
    results = []
    for name, parts in PARTS.items():
        with ingested(tmp_path / f"{name}.duckdb", reference_data, parts) as store:
            results.append(digests(store))
            assert rules_of(store).count("network.gateway") == 7, name
            for tier in ("observation", "evidence", "verdict") if name == "split" else ():
                rebuild(store, reference_data, from_tier=tier)
                assert digests(store) == results[-1], tier
    assert all(one == other for one, other in itertools.pairwise(results))


@pytest.mark.slow
def test_a_site_that_answers_itself_settles_it_whenever_it_comes(
    tmp_path: Path, reference_data: Reference
) -> None:
    parts = [ALIKE[:5], [ITSELF], ALIKE[5:]]
    with ingested(tmp_path / "late.duckdb", reference_data, parts) as store:
        late = digests(store)
        states = {verdict.state for verdict in queries.verdicts(store)}
        assert states == {State.LIKELY_BLOCKED, State.OK}
    with ingested(tmp_path / "whole.duckdb", reference_data, [[*ALIKE, ITSELF]]) as store:
        assert digests(store) == late


def test_a_retraction_changes_what_is_left(tmp_path: Path, reference_data: Reference) -> None:
    with ingested(tmp_path / "s.duckdb", reference_data, [[*ALIKE, ITSELF]]) as store:
        assert "network.gateway" not in rules_of(store)
        named = f"uid:{queries.verdicts(store)[-1].measurement_uid}"
        retract(store, named, "a test", datetime(2026, 5, 1, tzinfo=UTC))
        assert rules_of(store) == ["network.gateway"] * 7
        left = digests(store)
        rebuild(store, reference_data)
        assert digests(store) == left


PACED = [*held(), FAST]


@pytest.mark.slow
def test_pages_held_at_one_rate_come_out_the_same_in_parts(tmp_path: Path, reference_data: Reference) -> None:
    parts = {"whole": [PACED], "split": [PACED[:2], PACED[3:], PACED[2:3]]}
    results = []
    for name, lines in parts.items():
        with ingested(tmp_path / f"{name}.duckdb", reference_data, lines) as store:
            results.append(digests(store))
            assert rules_of(store).count("http.paced") == 3, name
            rebuild(store, reference_data, from_tier="evidence")
            assert digests(store) == results[-1], name
    assert results[0] == results[1]
