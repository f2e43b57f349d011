"""Evidence from follow-ups on who cuts or forges: the server or a censor, and how far away."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypedDict

from banwatch.formats.ooni.observed import Connection, Located
from banwatch.judge.thresholds import EARLY_SHARE, EARLY_TIMES, HOPS_APART, SHORTEST_RTT_MS
from banwatch.judge.weighing.connections import RETRIES
from banwatch.judge.weighing.facts.addresses import Addresses
from banwatch.judge.weighing.facts.hops import Hop
from banwatch.judge.weighing.names import Names
from banwatch.model import failure as f
from banwatch.model.fate import CUTS, Ending, ending_of
from banwatch.model.follow_up import FollowUp
from banwatch.model.observation import Observation, Step
from banwatch.model.path import LocatedStep, PathPosition

_DNS, _TCP, _TLS, _HTTP = Step.DNS, Step.TCP, Step.TLS, Step.HTTP
_ON_PATH, _IN_PATH = PathPosition.ON_PATH.value, PathPosition.IN_PATH.value
_REFUSALS = frozenset({f.DNS_NXDOMAIN, f.DNS_REFUSED})
"""Failures that a resolver means; the others may be its own trouble."""
_RESET = Ending.RESET
_NAMING = frozenset({Step.TLS, Step.HTTP})
"""Steps in which a name is sent in the clear."""


class CutColumns(TypedDict):
    """Columns of `Evidence` with these names, about a connection that was cut."""

    tls_cut: tuple[str, ...]
    tls_no_sni_ok: bool
    tls_split_ok: bool
    reset_place: str
    reset_outlived: bool
    reset_early: bool
    reset_unasked: bool
    cut_hops: int | None
    server_hops: int | None
    stopped_hops: int | None


class ForgerColumns(TypedDict):
    """Columns of `Evidence` with these names, about doubtful answers."""

    dns_forger_hops: int | None
    dns_resolver_hops: int | None
    dns_sibling_forged: bool
    dns_case_differs: bool


NO_CUT: CutColumns = {
    "tls_cut": (),
    "tls_no_sni_ok": False,
    "tls_split_ok": False,
    "reset_place": "",
    "reset_outlived": False,
    "reset_early": False,
    "reset_unasked": False,
    "cut_hops": None,
    "server_hops": None,
    "stopped_hops": None,
}
NO_FORGER: ForgerColumns = {
    "dns_forger_hops": None,
    "dns_resolver_hops": None,
    "dns_sibling_forged": False,
    "dns_case_differs": False,
}


def find_cut(
    hop: Hop,
    genuine: frozenset[str],
    follow_ups: Sequence[Observation],
    connections: Sequence[Connection],
    located: Sequence[Located],
    is_the_sites: Callable[[Observation], bool],
) -> CutColumns:
    """Find out who cut a hop's connections.

    Args:
        hop: the plain steps.
        genuine: addresses that count.
        follow_ups: the steps that follow-ups made.
        connections: connections as the kernel saw them.
        located: distances.
        is_the_sites: whether a handshake's certificate, or a plain page, proves to be the site's own.
    """
    shakes = [seen for seen in hop.tls if seen.ip in genuine and ending_of(seen.failure or "") in CUTS]
    requests = [
        seen
        for seen in hop.http
        if seen.ip in genuine
        and ending_of(seen.failure or "") is _RESET
        and not (seen.url or "").startswith("https:")
    ]
    stopped = {seen.ip for seen in hop.tcp if seen.failure is not None}
    stopped_hops = _nearest(located, LocatedStep.SYN, stopped)
    cut = {seen.ip for seen in (*shakes, *requests)}
    if not cut:
        return {**NO_CUT, "stopped_hops": stopped_hops}
    there = [seen for seen in follow_ups if seen.ip in cut]
    place, outlived = _locate_resets(there, connections, is_the_sites)
    early = _is_early((*shakes, *requests), there, connections)
    cut_hops = _nearest(located, LocatedStep.TLS, cut)
    server_hops = _nearest(located, LocatedStep.TCP, cut)
    if place == _ON_PATH and not (outlived or early or is_nearer(cut_hops, server_hops)):
        place = ""  # the server itself may have acknowledged what it was sent, and then reset
    return {
        "tls_cut": tuple(sorted({ending_of(seen.failure or "").value for seen in shakes})),
        "tls_no_sni_ok": any(
            seen.step is _TLS and seen.follow_up == FollowUp.NO_SNI and _is_through(seen) for seen in there
        ),
        "tls_split_ok": any(
            seen.step is _TLS
            and seen.follow_up == FollowUp.SPLIT_HELLO
            and seen.failure is None
            and is_the_sites(seen)
            for seen in there
        ),
        "reset_place": place,
        "reset_outlived": outlived,
        "reset_early": early,
        "reset_unasked": any(
            seen.step is _TCP
            and seen.follow_up == FollowUp.SAY_NOTHING
            and ending_of(seen.failure or "") is _RESET
            for seen in there
        ),
        "cut_hops": cut_hops,
        "server_hops": server_hops,
        "stopped_hops": stopped_hops,
    }


def find_forger(
    lookups: Sequence[Observation],
    names: Names,
    follow_ups: Sequence[Observation],
    located: Sequence[Located],
    addresses: Addresses,
) -> ForgerColumns:
    """Find out who forges answers for a name."""
    resolvers = {one.ip: one.hops for one in located if one.step == LocatedStep.RESOLVER}
    forgers = [(one.hops, resolvers.get(one.ip)) for one in located if one.step == LocatedStep.DNS]
    nearest = min((hops for hops, _ in forgers), default=None)
    asked = [seen for seen in follow_ups if seen.step is _DNS]
    return {
        "dns_forger_hops": nearest,
        "dns_resolver_hops": next((distance for _, distance in forgers if distance is not None), None),
        "dns_sibling_forged": any(seen.follow_up == FollowUp.SIBLING and bool(seen.answers) for seen in asked)
        and any(seen.follow_up == FollowUp.SIBLING_DOH and seen.failure == f.DNS_NXDOMAIN for seen in asked),
        "dns_case_differs": any(
            seen.follow_up == FollowUp.MIXED_CASE and _differs_by_case(seen, lookups, names, addresses)
            for seen in asked
        ),
    }


def _nearest(located: Iterable[Located], step: LocatedStep, addresses: set[str | None]) -> int | None:
    return min((one.hops for one in located if one.step == step and one.ip in addresses), default=None)


def is_nearer(near: int | None, far: int | None) -> bool:
    """Whether somebody is so much nearer than another that chance in the path does not explain it."""
    return near is not None and far is not None and near + HOPS_APART <= far


def _is_through(seen: Observation) -> bool:
    return seen.failure is None or ending_of(seen.failure) is Ending.CERTIFICATE


def _locate_resets(
    there: Iterable[Observation],
    connections: Sequence[Connection],
    is_the_sites: Callable[[Observation], bool],
) -> tuple[str, bool]:
    """Return where the censor sits that resets, and whether the site's own answer came in spite of resets."""
    ignored = {one.transaction_id: one for one in connections if one.follow_up == FollowUp.RESETS_IGNORED}
    place = ""
    for seen in there:
        kernel = ignored.get(seen.transaction_id)
        if seen.follow_up != FollowUp.RESETS_IGNORED or kernel is None or not kernel.resets_ignored:
            continue
        if seen.failure is None and is_the_sites(seen):
            return _ON_PATH, True
        if seen.step is _TLS and seen.failure is not None and kernel.bytes_acked is not None:
            place = _ON_PATH if kernel.bytes_acked > 0 else _IN_PATH
    return place, False


def _is_early(
    cut: Sequence[Observation], there: Iterable[Observation], connections: Sequence[Connection]
) -> bool:
    """Whether every reset came sooner than anything can come back from the address."""
    again = [
        seen
        for seen in there
        if seen.follow_up in RETRIES and seen.step in _NAMING and seen.failure is not None
    ]
    resets = [seen for seen in (*cut, *again) if ending_of(seen.failure or "") is _RESET]
    if len(resets) < EARLY_TIMES or len(resets) < len(cut) + len(again):
        return False
    for seen in resets:
        rtt_ms = min((c.min_rtt_ms for c in connections if c.ip == seen.ip and c.min_rtt_ms), default=None)
        if rtt_ms is None or rtt_ms < SHORTEST_RTT_MS or seen.t0_s is None or seen.t_s is None:
            return False
        if not 0 <= (seen.t_s - seen.t0_s) * 1000 < rtt_ms * EARLY_SHARE:
            return False
    return True


def _differs_by_case(
    mixed: Observation, lookups: Sequence[Observation], names: Names, addresses: Addresses
) -> bool:
    """Whether a resolver that fails or lies for a name is honest when it is written in mixed case."""
    public = [ip for ip in mixed.answers if not addresses.is_bogon(ip)]
    same = [
        seen
        for seen in lookups
        if seen.follow_up is None
        and not seen.late
        and seen.resolver_address == mixed.resolver_address
        and seen.query_type == mixed.query_type
    ]
    if not public or not same:
        return False
    if all(seen.failure in _REFUSALS for seen in same):
        return True
    false = {*names.bogons, *names.unvouched}
    lies = all(seen.answers and set(seen.answers) <= false for seen in same)
    return lies and bool(names.expected) and any(ip in names.genuine for ip in public)
