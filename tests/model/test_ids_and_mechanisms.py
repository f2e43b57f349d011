"""Identifiers and mechanisms: what is parsed, and which mechanism is the deeper one."""

import pytest

from banwatch.model import mechanism
from banwatch.model.ids import parse_asn, parse_country


def test_every_prefix_of_a_leaf_is_a_node() -> None:
    assert mechanism.ancestors("tls.reset.sni") == ("tls", "tls.reset", "tls.reset.sni")
    assert {"tls", "tls.reset", "network.shutdown"} <= mechanism.NODES
    assert len(set(mechanism.LEAVES)) == len(mechanism.LEAVES)


def test_deepest_drops_prefixes_only() -> None:
    assert mechanism.deepest(["tls.reset", "tls.reset.sni", "tls.reset", "tcp.reset"]) == (
        "tcp.reset",
        "tls.reset.sni",
    )
    assert mechanism.deepest(["tls.reset", "tls.resetting"]) == ("tls.reset", "tls.resetting")


def test_overlap_charges_shallow_answers_to_recall_and_wrong_ones_to_precision() -> None:
    assert mechanism.hierarchical_overlap(["tls.reset"], ["tls.reset.sni"]) == (2, 2, 3)
    assert mechanism.hierarchical_overlap(["tls.timeout"], ["tls.reset"]) == (1, 2, 2)


@pytest.mark.parametrize(
    ("text", "asn"), [("AS131279", 131279), ("1", 1), ("", 0), (None, 0), ("AS-1", 0), ("AS9999999999", 0)]
)
def test_asn_that_cannot_be_read_accuses_nobody(text: str | None, asn: int) -> None:
    assert parse_asn(text) == asn


def test_country_that_cannot_be_read_is_unknown() -> None:
    assert parse_country("KP") == "KP"
    assert {parse_country(t) for t in ("", None, "kp", "KPX", "К1")} == {"ZZ"}
