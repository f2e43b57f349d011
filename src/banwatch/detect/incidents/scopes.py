"""Scopes of an incident: an address, a block of addresses, a protocol, a port, a domain, a host, HTTPS alone.

What is shared is read from the cells that show interference: their addresses, inputs and mechanisms.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from banwatch.detect import thresholds as t
from banwatch.detect.incidents import thresholds as own
from banwatch.detect.incidents.members import CellsOf, within
from banwatch.detect.votes.series import SeriesKey, interfered_in
from banwatch.model.cell import Cell
from banwatch.model.ids import TargetName
from banwatch.model.incident import Change, IncidentKind
from banwatch.model.scope import Scope, ScopeKind

_CONNECTION = frozenset({"tcp", "ip", "quic"})
"""Layers below names: what is cut there is cut for all at an address."""
_PROTOCOLS = {"echcheck ": "ECH", "dnscheck dot://": "DNS over TLS", "dnscheck https://": "DNS over HTTPS"}
_DEFAULT_PORTS = frozenset({None, 80, 443})
_Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class _Target:
    """Findings in the cells of a target."""

    mechanisms: frozenset[str]
    addresses: frozenset[str]
    """Addresses of a good part of the cells that show interference."""
    accused: frozenset[str]
    """Inputs that were interfered with."""
    opened: frozenset[str]
    """Inputs that worked in that time, and were not interfered with."""


def scopes_of(changes: Iterable[Change], cells_of: CellsOf) -> tuple[Scope, ...]:
    """Return what the targets of an incident share, in order of kind and name."""
    by_target: defaultdict[TargetName, list[Cell]] = defaultdict(list)
    every = list(changes)
    for change in every:
        if change.kind is IncidentKind.BLOCKING:
            key = SeriesKey(change.target, change.probe_cc, change.probe_asn, change.access_tier)
            by_target[change.target].extend(within(change, cells_of.get(key, ())))
    targets = {name: _of_target(cells) for name, cells in by_target.items()}
    partly = tuple(sorted({change.target for change in every if change.partly}))
    if partly:
        return (Scope(kind=ScopeKind.PARTIAL, name="", targets=partly),)
    found = [*_of_addresses(targets), *_of_protocols(targets)]
    shared = {name for scope in found for name in scope.targets}
    found += [
        scope for name, target in targets.items() if name not in shared for scope in _of_inputs(name, target)
    ]
    return tuple(sorted(found, key=lambda scope: (scope.kind, scope.name, scope.targets)))


def _of_target(cells: Sequence[Cell]) -> _Target:
    showing = [cell for cell in cells if interfered_in(cell)]
    addresses = Counter(address for cell in showing for address in cell.addresses)
    showed = Counter(name for cell in showing for name in cell.accused_inputs)
    worked = Counter(name for cell in cells for name in cell.open_inputs)
    accused = {name for name, times in showed.items() if times > t.INPUT_SHARE * (times + worked[name])}
    with_addresses = sum(bool(cell.addresses) for cell in showing)
    return _Target(
        mechanisms=frozenset(name for cell in showing for name in cell.mechanisms),
        addresses=frozenset(a for a, times in addresses.items() if 2 * times >= with_addresses),
        accused=frozenset(accused),
        opened=frozenset(worked) - accused,
    )


def _of_addresses(targets: Mapping[TargetName, _Target]) -> list[Scope]:
    """Return addresses, or else blocks of addresses, at which several targets are cut below their names."""
    below = {
        name: target
        for name, target in targets.items()
        if target.mechanisms and all(m.split(".")[0] in _CONNECTION for m in target.mechanisms)
    }
    at: defaultdict[str, set[TargetName]] = defaultdict(set)
    for name, target in below.items():
        for address in target.addresses:
            at[address].add(name)
    by_targets: defaultdict[tuple[TargetName, ...], list[str]] = defaultdict(list)
    for address, names in at.items():
        if len(names) > 1:
            by_targets[tuple(sorted(names))].append(address)
    one_address = [
        Scope(kind=ScopeKind.ADDRESS, name=", ".join(sorted(addresses)), targets=names)
        for names, addresses in by_targets.items()
    ]
    blocks: defaultdict[_Network, set[str]] = defaultdict(set)
    for address in at:
        if (network := _block_of(address)) is not None:
            blocks[network].add(address)
    found = []
    for addresses in blocks.values():
        names = {name for address in addresses for name in at[address]}
        if len(names) >= own.BLOCK_TARGETS and len(addresses) >= own.BLOCK_TARGETS:
            block = str(_covering(sorted(addresses)))
            found.append(Scope(kind=ScopeKind.ADDRESS_BLOCK, name=block, targets=tuple(sorted(names))))
    covered = {name for scope in found for name in scope.targets}
    return [*found, *(scope for scope in one_address if not covered.issuperset(scope.targets))]


def _block_of(address: str) -> _Network | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    bits = own.BLOCK_BITS_V4 if parsed.version == 4 else own.BLOCK_BITS_V6
    return ip_network(f"{address}/{bits}", strict=False)


def _covering(addresses: Sequence[str]) -> _Network:
    """Return the smallest prefix that holds all of some addresses of one version."""
    network = ip_network(addresses[0])
    while not all(ip_address(address) in network for address in addresses):
        network = network.supernet()
    return network


def _of_protocols(targets: Mapping[TargetName, _Target]) -> list[Scope]:
    """Return protocols and ports that are cut whatever the target."""
    found = []
    names = tuple(sorted(targets))
    quic = tuple(
        name
        for name in names
        if targets[name].mechanisms and all(m.split(".")[0] == "quic" for m in targets[name].mechanisms)
    )
    if quic:
        found.append(Scope(kind=ScopeKind.PROTOCOL, name="QUIC", targets=quic))
    for prefix, protocol in _PROTOCOLS.items():
        mine = tuple(
            name
            for name in names
            if targets[name].accused and all(one.startswith(prefix) for one in targets[name].accused)
        )
        if mine:
            beside = sorted({one for name in mine for one in targets[name].opened})
            found.append(Scope(kind=ScopeKind.PROTOCOL, name=protocol, targets=mine, beside=tuple(beside)))
    ports: defaultdict[int, list[TargetName]] = defaultdict(list)
    for name in names:
        mine_ports = {_port_of(one) for one in targets[name].accused}
        if len(mine_ports) == 1 and (port := next(iter(mine_ports))) not in _DEFAULT_PORTS:
            ports[port or 0].append(name)
    in_protocols = {name for scope in found for name in scope.targets}
    for port, mine_at in ports.items():
        if len(mine_at) > 1 and not in_protocols.issuperset(mine_at):
            found.append(Scope(kind=ScopeKind.PORT, name=str(port), targets=tuple(mine_at)))
    return found


def _of_inputs(name: TargetName, target: _Target) -> list[Scope]:
    """Return whether all of a domain is cut, one host of it, one page, or HTTPS alone."""
    accused = {one: _split(one) for one in target.accused}
    opened = {one: _split(one) for one in target.opened}
    hosts = {url.hostname for url in accused.values() if url.hostname}
    of_open = {url.hostname for url in opened.values() if url.hostname}
    if not hosts:
        return []
    if not opened:
        if len(hosts) < own.DOMAIN_HOSTS:
            return []
        return [Scope(kind=ScopeKind.DOMAIN, name=str(name), targets=(name,))]
    plain = sorted(one for one, url in opened.items() if url.scheme == "http" and url.hostname in hosts)
    if plain and all(url.scheme == "https" for url in accused.values()):
        return [Scope(kind=ScopeKind.ENCRYPTED, name="HTTPS", targets=(name,), beside=tuple(plain))]
    if hosts.isdisjoint(of_open):
        where = ", ".join(sorted(hosts))
        beside = tuple(sorted(host for host in of_open if host)) or tuple(sorted(opened))
        return [Scope(kind=ScopeKind.HOST, name=where, targets=(name,), beside=beside)]
    where = ", ".join(sorted(accused))
    return [Scope(kind=ScopeKind.HOST, name=where, targets=(name,), beside=tuple(sorted(opened)))]


def _split(measured: str) -> SplitResult:
    """Return the parts of an input's URL; a nettest's name before it is passed over."""
    try:
        return urlsplit(measured.rpartition(" ")[2])
    except ValueError:
        return urlsplit("")


def _port_of(measured: str) -> int | None:
    try:
        return _split(measured).port
    except ValueError:
        return None
