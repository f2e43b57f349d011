"""Regimes from YAML: those that ship, and clear errors for those that are wrong."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from banwatch.lab.censor.censor import Censor
from banwatch.lab.regime.docs_page import render_regime
from banwatch.lab.regime.match import DnsTrigger, NameList, TlsTrigger
from banwatch.lab.regime.regime_file import load_regime, regime_paths
from banwatch.lab.regime.tier import HelperPath, NetworkKind
from banwatch.model.errors import BanwatchError
from tests.lab.censor_kit import regime_of

GOOD = """name: good
title: Good
country: KP
tiers:
  all: {asn: 64500, network_name: N, kind: fixed, client_address: 1.2.3.4, resolver: 1.1.1.1}
lists:
  social: [twitter.com, facebook.com]
  more: ["@social", youtube.com]
rules:
  - id: one
    match: {tls: {sni: ["@more"]}}
    action: drop
    mechanism: tls.timeout.sni
"""


@pytest.mark.parametrize("name", sorted(regime_paths()))
def test_every_regime_that_ships_is_sound(name: str) -> None:
    regime = load_regime(name)
    assert regime.name == name
    assert regime.sources or name == "open"
    for tier in regime.tiers.values():
        Censor(regime, tier)
        addresses = [
            tier.client_address,
            tier.resolver,
            *([tier.client_address6] if tier.client_address6 else []),
        ]
        # A documentation or private address would be a bogon to any honest judge.
        assert all(address.is_global for address in addresses)  # type: ignore[attr-defined]  # IPv4 or IPv6
    for rule in regime.rules:
        assert f"`{rule.rule_id}`" in render_regime(regime)


def test_dprk_2016_is_as_it_was_announced() -> None:
    regime = load_regime("dprk-2016")
    assert list(regime.tiers) == ["official", "visitor", "citizen"]
    assert regime.tiers["official"].asn == 131_279
    assert regime.tiers["citizen"].network_kind is NetworkKind.INTRANET
    assert regime.tiers["citizen"].helper_path is HelperPath.OUT_OF_BAND
    assert not any("official" in rule.tiers for rule in regime.rules)
    begun = {rule.schedule.begins for rule in regime.rules if rule.tiers == {"visitor"}}
    assert min(at for at in begun if at) == datetime(2016, 4, 1, tzinfo=UTC)
    assert len(begun) > 3
    mechanisms = {rule.mechanism for rule in regime.rules}
    assert mechanisms >= {
        "dns.injection.other",
        "tcp.timeout",
        "tls.reset.sni",
        "http.blockpage",
        "network.shutdown",
    }
    assert regime.timeline is not None
    assert regime.timeline.start == datetime(2016, 3, 27, tzinfo=UTC)
    assert regime.timeline.every_h == 6


def test_lists_may_name_lists(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    trigger = load_regime(path).rules[0].match.trigger
    assert isinstance(trigger, TlsTrigger)
    assert trigger.sni == NameList(suffix=frozenset({"twitter.com", "facebook.com", "youtube.com"}))


def test_long_lists_come_from_files_beside_the_regime(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# a list\n" + "\n".join(f"Name{n}.example." for n in range(30_000)))
    path = tmp_path / "long.yaml"
    path.write_text(GOOD.replace('["@more"]', "{file: names.txt, substring: [vpn]}"))
    regime = load_regime(path)
    trigger = regime.rules[0].match.trigger
    assert isinstance(trigger, TlsTrigger)
    assert trigger.sni is not None
    assert len(trigger.sni) == 30_001
    assert "name29999.example" in trigger.sni.suffix


def test_types_have_names_and_numbers() -> None:
    regime = regime_of(
        "- {id: a, match: {dns: {names: [a.b], types: [A, HTTPS, 99]}}, action: drop, mechanism: dns.timeout}"
    )
    trigger = regime.rules[0].match.trigger
    assert isinstance(trigger, DnsTrigger)
    assert trigger.types == {1, 65, 99}
    assert regime.tiers["all"].client_address6 == ip_address("2407:4800:7::10")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("country: KP", "country: Korea", 3, ["country", "`Korea`", "alpha-2"]),
        ("country: KP\n", "", 1, ["country", "missing"]),
        ("kind: fixed", "kind: dialup", 5, ["tiers.all.kind", "`dialup`", "fixed, mobile"]),
        ("client_address: 1.2.3.4", "client_address: 1.2.3", 5, ["client_address", "`1.2.3`", "IP address"]),
        ("action: drop", "action: drpo", 12, ["action", "`drpo`", "reset"]),
        ("action: drop", "action: {drop: {afterwards: 1}}", 12, ["afterwards", "known key", "after_packets"]),
        ("tls.timeout.sni", "tls.timeout.dns", 13, ["mechanism", "`tls.timeout.dns`", "taxonomy"]),
        ("sni: [", "sny: [", 11, ["sny", "known key", "sni"]),
        ('["@more"]', '["@other"]', 11, ["`@other`", "list"]),
        ("id: one", "id: One!", 10, ["id", "`One!`", "lower-case"]),
        ("    mechanism", "    probability: 1.5\n    mechanism", 13, ["probability", "`1.5`", "from 0 to 1"]),
        (
            "    mechanism",
            "    schedule: {begins: 2016-04-01T00:00}\n    mechanism",
            13,
            ["schedule.begins", "with its zone"],
        ),
        ("    mechanism", "    tiers: [some]\n    mechanism", 13, ["tiers", "`some`", "all"]),
        ("match: {tls", "match: {dns: {names: [a.b]}, tls", 11, ["several", "a rule each"]),
        ("title: Good", "title: Good\ntitle: Better", 3, ["title", "twice"]),
        ("lists:", "lists: [", 6, ["not YAML"]),
    ],
)
def test_errors_say_where_what_and_what_was_expected(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    assert old in GOOD
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BanwatchError) as caught:
        load_regime(path)
    message = str(caught.value)
    assert f"{path}, line {line}" in message or (line == 6 and f"{path}, line" in message)
    for word in words:
        assert word in message


def test_an_unknown_regime_lists_the_known_ones() -> None:
    with pytest.raises(BanwatchError, match="dprk-2016"):
        load_regime("nowhere")


@pytest.mark.parametrize("name", sorted(regime_paths()))
def test_the_page_of_every_regime_is_up_to_date(name: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "regimes" / f"{name}.md"
    again = f"banwatch lab regimes show {name} > docs/regimes/{name}.md"
    assert page.read_text(encoding="utf-8") == render_regime(load_regime(name)), f"write it again: {again}"
