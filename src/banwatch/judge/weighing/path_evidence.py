"""What follow-ups show of the one who cuts or forges: whether it is the server, and how far away."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from banwatch.formats.ooni.observed import Connection, Located
from banwatch.judge.thresholds import EARLY_SHARE, EARLY_TIMES, HOPS_APART, SHORTEST_RTT_MS
from banwatch.judge.weighing.addresses import is_bogon
from banwatch.judge.weighing.connections import CUTS, RETRIES, kind_of
from banwatch.judge.weighing.hops import Hop
from banwatch.judge.weighing.names import Names
from banwatch.model.observation import Observation, Step

ON_PATH, IN_PATH = "on-path", "in-path"
_REFUSALS = frozenset({"dns_nxdomain_error", "dns_refused_error"})
"""Failures that a resolver means; the others may be its own trouble."""
_RESET = frozenset({"reset"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFindings:
    """Of a connection that was cut; see the columns of the same names in `Evidence`."""

    tls_cut: tuple[str, ...] = ()
    tls_no_sni_ok: bool = False
    tls_split_ok: bool = False
    reset_place: str = ""
    reset_outlived: bool = False
    reset_early: bool = False
    reset_unasked: bool = False
    cut_hops: int | None = None
    server_hops: int | None = None
    stopped_hops: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgerFindings:
    """Of doubtful answers; see the columns `dns_` of the same names in `Evidence`."""

    forger_hops: int | None = None
    resolver_hops: int | None = None
    sibling_forged: bool = False
    case_differs: bool = False


NO_CUT, NO_FORGER = CutFindings(), ForgerFindings()


def find_cut(
    hop: Hop,
    genuine: frozenset[str],
    follow_ups: Sequence[Observation],
    connections: Sequence[Connection],
    located: Sequence[Located],
    is_the_sites: Callable[[Observation], bool],
) -> CutFindings:
    """Read what follow-ups show of who cut a hop's connections.

    Args:
        hop: the plain steps.
        genuine: addresses that count.
        follow_ups: the steps that follow-ups made.
        connections: what the kernel knew of connections.
        located: distances.
        is_the_sites: whether a handshake's certificate, or a plain page, proves to be the site's own.
    """
    shakes = [seen for seen in hop.tls if seen.ip in genuine and kind_of(seen.failure or "") in CUTS]
    requests = [
        seen
        for seen in hop.http
        if seen.ip in genuine
        and kind_of(seen.failure or "") in _RESET
        and not (seen.url or "").startswith("https:")
    ]
    stopped = {seen.ip for seen in hop.tcp if seen.failure is not None}
    stopped_hops = min((one.hops for one in located if one.step == "syn" and one.ip in stopped), default=None)
    cut = {seen.ip for seen in (*shakes, *requests)}
    if not cut:
        return CutFindings(stopped_hops=stopped_hops) if stopped_hops is not None else NO_CUT
    there = [seen for seen in follow_ups if seen.ip in cut]
    place, outlived = _place(there, connections, is_the_sites)
    early = _is_early((*shakes, *requests), there, connections)
    cut_hops = min((one.hops for one in located if one.step == "tls" and one.ip in cut), default=None)
    server_hops = min((one.hops for one in located if one.step == "tcp" and one.ip in cut), default=None)
    if place == ON_PATH and not (outlived or early or is_nearer(cut_hops, server_hops)):
        place = ""  # the server itself may have acknowledged what it was sent, and then reset
    return CutFindings(
        tls_cut=tuple(sorted({kind_of(seen.failure or "") for seen in shakes})),
        tls_no_sni_ok=any(
            seen.step is Step.TLS and seen.follow_up == "no_sni" and _is_through(seen) for seen in there
        ),
        tls_split_ok=any(
            seen.step is Step.TLS
            and seen.follow_up == "split_hello"
            and seen.failure is None
            and is_the_sites(seen)
            for seen in there
        ),
        reset_place=place,
        reset_outlived=outlived,
        reset_early=early,
        reset_unasked=any(
            seen.step is Step.TCP
            and seen.follow_up == "say_nothing"
            and kind_of(seen.failure or "") in _RESET
            for seen in there
        ),
        cut_hops=cut_hops,
        server_hops=server_hops,
        stopped_hops=stopped_hops,
    )


def find_forger(
    lookups: Sequence[Observation],
    names: Names,
    follow_ups: Sequence[Observation],
    located: Sequence[Located],
) -> ForgerFindings:
    """Read what follow-ups show of who forges answers for a name."""
    resolvers = {one.ip: one.hops for one in located if one.step == "resolver"}
    forgers = [(one.hops, resolvers.get(one.ip)) for one in located if one.step == "dns"]
    nearest = min((hops for hops, _ in forgers), default=None)
    asked = [seen for seen in follow_ups if seen.step is Step.DNS]
    return ForgerFindings(
        forger_hops=nearest,
        resolver_hops=next((distance for _, distance in forgers if distance is not None), None),
        sibling_forged=any(seen.follow_up == "sibling" and bool(seen.answers) for seen in asked)
        and any(seen.follow_up == "sibling_doh" and seen.failure == "dns_nxdomain_error" for seen in asked),
        case_differs=any(
            seen.follow_up == "mixed_case" and _differs_by_case(seen, lookups, names) for seen in asked
        ),
    )


def is_nearer(near: int | None, far: int | None) -> bool:
    """Whether somebody is so much nearer than another that chance in the path does not explain it."""
    return near is not None and far is not None and near + HOPS_APART <= far


def _is_through(seen: Observation) -> bool:
    return seen.failure is None or kind_of(seen.failure) == "certificate"


def _place(
    there: Iterable[Observation],
    connections: Sequence[Connection],
    is_the_sites: Callable[[Observation], bool],
) -> tuple[str, bool]:
    """Where the one sits who resets, and whether the site's own answer came in spite of resets."""
    ignored = {one.transaction_id: one for one in connections if one.follow_up == "resets_ignored"}
    place = ""
    for seen in there:
        known = ignored.get(seen.transaction_id)
        if seen.follow_up != "resets_ignored" or known is None or not known.resets_ignored:
            continue
        if seen.failure is None and is_the_sites(seen):
            return ON_PATH, True
        if seen.step is Step.TLS and seen.failure is not None and known.bytes_acked is not None:
            place = ON_PATH if known.bytes_acked > 0 else IN_PATH
    return place, False


def _is_early(
    cut: Sequence[Observation], there: Iterable[Observation], connections: Sequence[Connection]
) -> bool:
    """Whether every reset came sooner than anything can come back from the address."""
    again = [
        seen
        for seen in there
        if seen.follow_up in RETRIES and seen.step in (Step.TLS, Step.HTTP) and seen.failure is not None
    ]
    resets = [seen for seen in (*cut, *again) if kind_of(seen.failure or "") in _RESET]
    if len(resets) < EARLY_TIMES or len(resets) < len(cut) + len(again):
        return False
    for seen in resets:
        rtt_ms = min((c.min_rtt_ms for c in connections if c.ip == seen.ip and c.min_rtt_ms), default=None)
        if rtt_ms is None or rtt_ms < SHORTEST_RTT_MS or seen.t0_s is None or seen.t_s is None:
            return False
        if not 0 <= (seen.t_s - seen.t0_s) * 1000 < rtt_ms * EARLY_SHARE:
            return False
    return True


def _differs_by_case(mixed: Observation, lookups: Sequence[Observation], names: Names) -> bool:
    """Whether a resolver that fails or lies for a name is honest when it is written in mixed case."""
    public = [ip for ip in mixed.answers if not is_bogon(ip)]
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
