"""Regimes from the public record without a trait of their own: each can be read and names its sources.

To play one, a world needs its provider's resolver:
`banwatch lab play tests/lab/regime/records/NAME.yaml --world FILE --out DIR`, and
`python bench/play_score.py DIR --world FILE` prints what the judge made of it.
"""

from pathlib import Path

import pytest

from banwatch.lab.regime.regime_file import load_regime

RECORDS = sorted((Path(__file__).parent / "records").glob("*.yaml"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_recorded_regime_reads_and_names_its_sources(path: Path) -> None:
    regime = load_regime(str(path))
    assert regime.name == path.stem
    assert len(regime.sources) >= 2
    assert regime.timeline is not None
    assert all(rule.mechanism for rule in regime.rules)
    used = {tier for rule in regime.rules for tier in (rule.tiers or regime.tiers)}
    assert used == set(regime.tiers)


def test_there_are_seven_of_them() -> None:
    assert len(RECORDS) == 7
