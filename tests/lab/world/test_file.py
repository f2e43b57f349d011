"""World files: what ships can be read; what cannot be read says where and why."""

from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from banwatch.lab.world import load_world
from banwatch.lab.world.file import parse_world
from banwatch.lab.world.world import Certificate, Page
from banwatch.model.errors import BanwatchError
from banwatch.reference import load

WORLD_TEXT = """\
name: small
helper: {hostname: helper.example, address: 185.199.108.153}
resolvers:
  - {hostname: ns.example, addresses: [175.45.176.15], isp: true}
sites:
  - hostname: www.example.com
    addresses: [23.220.75.232]
"""


def test_the_default_world_holds_the_story():
    world = load_world()
    names = {name for site in world.sites for name in site.names}
    assert all(urlsplit(entry.url).hostname in names for entry in world.inputs)
    assert len(world.sites) >= 16
    provided = {address for resolver in world.provider_resolvers for address in resolver.addresses}
    assert ip_address("175.45.176.15") in provided
    assert {ip_address("8.8.8.8"), ip_address("1.1.1.1"), ip_address("9.9.9.9")} <= {
        address for resolver in world.public_resolvers for address in resolver.addresses
    }
    kinds = {site.certificate for site in world.sites}
    assert kinds == set(Certificate)
    assert Page.CHANGING in {site.page for site in world.sites}
    assert any(site.rotate for site in world.sites)
    assert any(site.refuses for site in world.sites)
    assert any(site.silent == site.addresses for site in world.sites)


def test_every_address_is_public_and_in_the_as_table():
    reference, world = load(), load_world()
    addresses = {a for site in world.sites for a in site.all_addresses}
    addresses |= {a for resolver in world.resolvers for a in resolver.addresses} | {world.helper.address}
    assert [str(a) for a in addresses if not a.is_global] == []
    assert [str(a) for a in addresses if reference.network_of(str(a)) is None] == []


def test_prefixes_hold_what_answers_and_nothing_else():
    world = load_world()
    answering = {a for site in world.sites for a in site.answering}
    assert all(any(a in prefix for prefix in world.prefixes) for a in answering)
    down = next(site for site in world.sites if site.hostname == "www.geocities.com")
    assert not any(down.addresses[0] in prefix for prefix in world.prefixes)
    assert ip_network("31.13.94.0/24") in world.prefixes


def test_names_are_read_by_path_and_by_name(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(WORLD_TEXT)
    assert load_world(path).name == "small"
    assert load_world(str(path)).sites[0].title == "www.example.com"
    with pytest.raises(BanwatchError, match=r"no world 'nowhere'.*default"):
        load_world("nowhere")


def test_farms_are_many_sites():
    text = WORLD_TEXT + "farms:\n  - {suffix: farm.net, count: 3000, prefix: 23.192.0.0/22}\n"
    world = parse_world(text)
    assert len(world.sites) == 3001
    assert {site.addresses[0] in ip_network("23.192.0.0/22") for site in world.sites[1:]} == {True}
    assert world.sites[1].hostname == "site-0001-farm.net"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[23.220.75.232]", "[23.220.75.999]", r"x.yaml:7: sites\[0\].addresses\[0\]: expected an address"),
        ("    addresses: [23", "    adresses: [23", r"x.yaml:6: .*unknown field `adresses`"),
        (
            "www.example.com",
            "WWW.example.com",
            r"x.yaml:6: sites\[0\].hostname: expected a hostname in lower case",
        ),
        ("isp: true", "isp: maybe", r"x.yaml:4: .*Expected `bool`, got `str`"),
        ("isp: true", "isp: false", r"x.yaml:3: resolvers: expected a provider"),
        ("23.220.75.232", "175.45.176.15", r"x.yaml:7: .*belongs to ns.example"),
        ("hostname: www.example.com", "hostname: ns.example", r"x.yaml:\d+: .*ns.example exists twice"),
        ("name: small", "name: [", r"x.yaml:3: not YAML"),
        (
            "[23.220.75.232]",
            "[23.220.75.232]\n    moves: [{at: '2016-04-02T00:00', addresses: [23.220.75.240]}]",
            r"moves\[0\].at: expected a time with its zone",
        ),
        (
            "[23.220.75.232]",
            "[23.220.75.232]\n    outages: [{begins: '2016-04-02T00:00Z', ends: '2016-04-01T00:00Z'}]",
            r"outages\[0\].ends: expected an end after",
        ),
        ("[23.220.75.232]", "[23.220.75.232]\n    silent: [1.2.3.4]", r"1.2.3.4 is none of this site's"),
        ("[23.220.75.232]", "[23.220.75.232]\n    alpn: [h9]", r"expected h3, h2 or http/1.1, not 'h9'"),
        ("[23.220.75.232]", "[23.220.75.232]\n    ports: [0]", r"expected a port"),
        ("[23.220.75.232]", "[23.220.75.232]\n    rotate: 2", r"expected 0 to 1"),
    ],
)
def test_mistakes_are_said_with_their_line(old: str, new: str, said: str):
    assert old in WORLD_TEXT
    with pytest.raises(BanwatchError, match=said):
        parse_world(WORLD_TEXT.replace(old, new), source="x.yaml")
