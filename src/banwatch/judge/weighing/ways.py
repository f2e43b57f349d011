"""Columns `addresses_`: the ways to a site by each of its genuine addresses."""

from collections.abc import Sequence
from typing import TypedDict

from banwatch.judge.weighing.connections import RETRIES, Fairness
from banwatch.judge.weighing.facts.hops import Hop
from banwatch.model.fate import CUTS, Ending, ending_of, fate_of
from banwatch.model.observation import Observation, Step

_TCP = Step.TCP
_TCP_FAILURES = frozenset({Ending.TIMEOUT, Ending.REFUSED, Ending.RESET, Ending.UNREACHABLE})


class WayColumns(TypedDict):
    """Columns of `Evidence` with these names; lists sorted."""

    addresses_ok: tuple[str, ...]
    addresses_failed: tuple[str, ...]
    addresses_fate: tuple[str, ...]


_NO_WAYS: WayColumns = {"addresses_ok": (), "addresses_failed": (), "addresses_fate": ()}


def find_ways(
    hop: Hop, genuine: frozenset[str], fairness: Fairness, follow_ups: Sequence[Observation]
) -> WayColumns:
    """Sort a hop's genuine addresses by whether connects and handshakes went well there.

    A failure counts as in `connections`: the control got through there, and a second try, where one was made,
    failed as well.

    Args:
        hop: the plain steps.
        genuine: addresses that count.
        fairness: what the control found at each endpoint.
        follow_ups: the steps that follow-ups made.
    """
    if not hop.tcp and not hop.tls:
        return _NO_WAYS
    mended = {
        (seen.step, seen.ip, seen.port)
        for seen in follow_ups
        if seen.follow_up in RETRIES and seen.failure is None
    }
    worked: set[str] = set()
    failed: dict[str, str] = {}
    doubtful: set[str] = set()
    for seen in (*hop.tcp, *hop.tls):
        if seen.ip is None or seen.ip not in genuine:
            continue
        if seen.failure is None or (seen.step, seen.ip, seen.port) in mended:
            worked.add(seen.ip)
        elif _counts(seen, fairness):
            failed.setdefault(seen.ip, fate_of(seen.step, seen.failure))
        else:
            doubtful.add(seen.ip)
    return {
        "addresses_ok": tuple(sorted(worked - failed.keys() - doubtful)),
        "addresses_failed": tuple(sorted(failed)),
        "addresses_fate": tuple(sorted(set(failed.values()))),
    }


def _counts(seen: Observation, fairness: Fairness) -> bool:
    ending = ending_of(seen.failure or "")
    if seen.step is _TCP:
        return ending in _TCP_FAILURES and fairness.of_tcp(seen)
    return ending in CUTS and fairness.of_tls(seen)
