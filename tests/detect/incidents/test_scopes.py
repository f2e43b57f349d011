"""What the targets of an incident share: addresses, protocols, ports, hosts; and partial interference."""

from collections.abc import Callable, Iterable, Iterator

import msgspec
import pytest

from banwatch.detect import find_changes, fold, group
from banwatch.detect.wording.reasons import reasons
from banwatch.model.incident import Incident
from banwatch.model.scope import Scope, ScopeKind
from banwatch.model.state import State
from banwatch.model.verdict import Verdict
from tests.detect.making import START, hours, verdict

BEGAN = 240
ASNS = (64512, 64513)
Row = tuple[str, str, str, tuple[str, ...], str]
"""Target, input, mechanism from `BEGAN` on (empty: it works), addresses, nettest."""


def measured(rows: Iterable[Row], *, trace: Callable[[str], bool] = lambda name: False) -> Iterator[Verdict]:
    every = list(rows)
    for hour in range(0, 20 * 24, 4):
        for asn in ASNS:
            for number, (target, text, mechanism, addresses, nettest) in enumerate(every):
                cut = bool(mechanism) and hour >= BEGAN
                one = verdict(
                    START + hours(hour + 0.2),
                    State.LIKELY_BLOCKED if cut else State.OK,
                    target=target,
                    asn=asn,
                    probe=f"p{asn}-{hour // 4 % 3}",
                    mechanisms=(mechanism,) if cut else (),
                    serial=number,
                )
                partly = hour >= BEGAN and trace(target)
                yield msgspec.structs.replace(
                    one,
                    input=text,
                    addresses=addresses,
                    test_name=nettest,
                    rules=("page.partly" if partly else "page.genuine",) if not cut else ("some.rule",),
                )


def incidents(rows: Iterable[Verdict]) -> tuple[Incident, ...]:
    cells = fold(rows)
    found = group(find_changes(cells), cells)
    for one in found:
        assert reasons(one, cells)
    return found


def web(target: str, mechanism: str, *addresses: str, url: str = "") -> Row:
    return (target, url or f"https://{target}/", mechanism, addresses, "web_connectivity")


def scopes(rows: Iterable[Row]) -> tuple[tuple[Scope, ...], str]:
    (incident,) = incidents(measured(rows))
    return incident.scopes, incident.sentence


def test_targets_at_one_address_are_neighbours_of_whoever_was_meant() -> None:
    shared = [web(name, "tcp.timeout", "203.0.113.7") for name in ("a.example", "b.example")]
    other = web("c.example", "", "203.0.113.8")
    ((scope,), sentence) = scopes([*shared, other])
    assert (scope.kind, scope.name) == (ScopeKind.ADDRESS, "203.0.113.7")
    assert scope.targets == ("a.example", "b.example")
    assert "a.example and b.example share the address 203.0.113.7" in sentence
    assert "its neighbours there are collateral" in sentence


def test_targets_at_one_address_that_are_cut_by_name_are_no_neighbours() -> None:
    rows = [web(name, "tls.reset.sni", "203.0.113.7") for name in ("a.example", "b.example")]
    assert scopes(rows)[0] == ()


OPEN = [web(f"open{n}.example", "", f"192.0.2.{n}") for n in (1, 2)]
"""Targets that went on: without them an incident of four is one of nearly everything."""


def test_a_block_of_addresses_is_named() -> None:
    rows = [web(f"{n}.example", "tcp.timeout", f"104.{16 + n}.0.9") for n in range(4)]
    ((scope,), sentence) = scopes([*rows, *OPEN])
    assert (scope.kind, scope.name) == (ScopeKind.ADDRESS_BLOCK, "104.16.0.0/14")
    assert len(scope.targets) == 4
    assert "a whole block of addresses" in sentence


def test_targets_at_addresses_far_apart_share_none() -> None:
    rows = [web(f"{n}.example", "tcp.timeout", f"{40 + 20 * n}.16.0.9") for n in range(4)]
    assert scopes([*rows, *OPEN])[0] == ()


@pytest.mark.parametrize(
    ("text", "nettest", "mechanism", "kind", "name"),
    [
        ("https://{}/", "urlgetter", "quic.timeout", ScopeKind.PROTOCOL, "QUIC"),
        ("https://{}/", "echcheck", "tls.reset.other", ScopeKind.PROTOCOL, "ECH"),
        ("dot://{}:853/", "dnscheck", "tcp.timeout", ScopeKind.PROTOCOL, "DNS over TLS"),
        ("https://{}/dns-query", "dnscheck", "tls.reset.sni", ScopeKind.PROTOCOL, "DNS over HTTPS"),
        ("tcp://{}:5222", "tcp_connect", "tcp.reset", ScopeKind.PORT, "5222"),
    ],
)
def test_a_whole_protocol_or_port(
    text: str, nettest: str, mechanism: str, kind: ScopeKind, name: str
) -> None:
    targets = ("a.example", "b.example", "c.example")
    cut = [(one, text.format(one), mechanism, (), nettest) for one in targets]
    ((scope,), sentence) = scopes([*cut, *(web(one, "") for one in targets)])
    assert (scope.kind, scope.name, scope.targets) == (kind, name, targets)
    assert f"{'port ' if kind is ScopeKind.PORT else ''}{name} was cut, for a.example, b.example" in sentence


def test_one_host_of_a_domain_has_full_votes_and_the_others_are_named() -> None:
    rows = [
        web("wiki.example", "tls.reset.sni", url="https://zh.wiki.example/"),
        web("wiki.example", "", url="https://en.wiki.example/"),
    ]
    (incident,) = incidents(measured(rows))
    (scope,) = incident.scopes
    assert (scope.kind, scope.name, scope.beside) == (ScopeKind.HOST, "zh.wiki.example", ("en.wiki.example",))
    assert "of wiki.example, zh.wiki.example alone, while en.wiki.example loaded" in incident.sentence
    assert incident.confidence > 0.99


def test_hosts_measured_at_different_hours_are_set_apart() -> None:
    rows = list(
        measured(
            [
                web("wiki.example", "tls.reset.sni", url="https://zh.wiki.example/"),
                web("wiki.example", "", url="https://en.wiki.example/"),
            ]
        )
    )
    turns = [row for row in rows if (row.measurement_start_time.hour % 8 == 0) == ("zh." in row.input)]
    (incident,) = incidents(turns)
    assert incident.onset_latest - incident.onset_earliest <= hours(12)
    assert all(one.measurements == one.interfered for one in incident.members)


def test_all_hosts_of_a_domain() -> None:
    rows = [web("wiki.example", "dns.nxdomain", url=f"https://{host}.wiki.example/") for host in ("en", "zh")]
    ((scope,), sentence) = scopes(rows)
    assert (scope.kind, scope.name) == (ScopeKind.DOMAIN, "wiki.example")
    assert "all hosts of wiki.example that were measured" in sentence


def test_https_alone_is_cut() -> None:
    rows = [
        web("a.example", "tls.reset.sni", url="https://a.example/"),
        web("a.example", "", url="http://a.example/"),
    ]
    ((scope,), sentence) = scopes(rows)
    assert (scope.kind, scope.beside) == (ScopeKind.ENCRYPTED, ("http://a.example/",))
    assert "of a.example, encrypted connections alone, while http://a.example/ loaded" in sentence


def test_many_traces_beside_ok_are_partial_interference() -> None:
    rows = [web("a.example", ""), web("b.example", "")]
    (incident,) = incidents(measured(rows, trace=lambda name: name == "a.example"))
    (scope,) = incident.scopes
    assert scope.kind is ScopeKind.PARTIAL
    assert incident.targets == ("a.example",)
    assert incident.onset_known
    assert incident.sentence.startswith("a.example could be reached only in part on AS64512 and AS64513")
    assert "one of IPv4, IPv6 and QUIC" in incident.sentence


def test_traces_all_along_began_before_the_measuring_and_few_are_nothing() -> None:
    rows = list(measured([web("a.example", "")]))
    few = [
        msgspec.structs.replace(row, rules=("page.partly",)) if number % 23 == 0 else row
        for number, row in enumerate(rows)
    ]
    assert incidents(few) == ()


def test_a_voice_that_saw_the_same_input_both_ways_has_half_a_vote_each() -> None:
    same = [verdict(START, state, probe="p", serial=n) for n, state in enumerate((State.BLOCKED, State.OK))]
    (cell,) = fold(same)
    assert (cell.accusers, cell.absolvers) == (("p",), ("p",))
    other = [msgspec.structs.replace(row, input=f"https://youtube.com/{n}") for n, row in enumerate(same)]
    (cell,) = fold(other)
    assert (cell.accusers, cell.absolvers) == (("p",), ())
    assert cell.accused_inputs == ("https://youtube.com/0",)
    assert cell.open_inputs == ("https://youtube.com/1",)
