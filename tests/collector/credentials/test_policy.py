"""Policies by country and network: the first match wins, and a damaged one is named."""

import json
from pathlib import Path

import pytest

from banwatch.collector.credentials.policy import FIRST_DAY, demand_for, read_policy
from banwatch.model.errors import BanwatchError


def entry(cc: str, asn: str, count: int = 0, age: tuple[int, int] = (1, 2)) -> dict[str, object]:
    return {
        "match": {"probe_cc": cc, "probe_asn": asn},
        "policy": {"age": age, "min_measurement_count": count},
    }


def test_first_match_wins(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    assert demand_for(read_policy(path), "KE", "AS1").age[0] == FIRST_DAY
    entries = [entry("KE", "AS1", 9), entry("KE", "*", 5), entry("*", "AS1", 3), entry("*", "*")]
    path.write_text(json.dumps(entries))
    policy = read_policy(path)
    asked = [("KE", "AS1"), ("KE", "AS2"), ("UG", "AS1"), ("UG", "AS2")]
    assert [demand_for(policy, *one).min_measurement_count for one in asked] == [9, 5, 3, 0]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        {},
        [entry("KE", "*")],
        [entry("*", "*"), entry("KE", "*")],
        [entry("ke", "*"), entry("*", "*")],
        [entry("*", "64500"), entry("*", "*")],
        [entry("*", "AS01"), entry("*", "*")],
        [entry("*", "*", -1)],
        [entry("*", "*", 1 << 32)],
        [entry("*", "*", 0, (5, 5))],
        [entry("*", "*", 0, (0, 1 << 32))],
    ],
)
def test_damaged_policies_are_refused(tmp_path: Path, entries: object) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(entries))
    with pytest.raises(BanwatchError, match="policy"):
        read_policy(path)
