"""Columns `dns_`: the answers for one hop's name, beside the control, and what is at doubtful addresses."""

from typing import TypedDict

from banwatch.judge.thresholds import LENGTH_RATIO_SAME
from banwatch.judge.weighing.facts.addresses import is_private_name
from banwatch.judge.weighing.facts.fingerprints import MatchedFingerprints
from banwatch.judge.weighing.facts.follow_ups import came_from_nowhere
from banwatch.judge.weighing.facts.hops import Hop
from banwatch.judge.weighing.facts.pages import (
    FIRST_ERROR_STATUS,
    compare_pages,
    differs,
    has_portal_marks,
    is_refusal,
)
from banwatch.judge.weighing.names import Names
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.failure import CERTIFICATE_FAILURES
from banwatch.model.fate import Fate, fate_of
from banwatch.model.follow_up import FollowUp
from banwatch.model.nettest import NettestKind, kind_of_nettest
from banwatch.model.observation import Observation, Step

_DNS = Step.DNS


class LookupColumns(TypedDict):
    """Columns of `Evidence` with these names, but for those that follow-ups of the resolver give."""

    dns_hop: int | None
    dns_hostname: str | None
    dns_system_failure: str | None
    dns_system_asked: int
    dns_answers: tuple[str, ...]
    dns_expected: tuple[str, ...]
    dns_expected_by: str
    dns_other_ok: bool
    dns_other_failures: tuple[str, ...]
    dns_resolver_works: bool
    dns_plain_silent: bool
    dns_lossy: bool
    dns_bogons: tuple[str, ...]
    dns_unvouched: tuple[str, ...]
    dns_system_unvouched: bool
    dns_vouched_by: tuple[str, ...]
    dns_conflicting: bool
    dns_from_nowhere: bool
    dns_inside: bool
    dns_unvouched_inside: bool
    dns_nowhere_else: bool
    dns_nowhere_outside: bool
    dns_fingerprints: tuple[str, ...]
    dns_fate: tuple[str, ...]
    dns_bogon_names: tuple[str, ...]
    dns_family_failure: str | None


def find_lookups(parts: MeasurementParts, matched: MatchedFingerprints) -> LookupColumns:
    """Describe the resolution of one hop's name.

    Args:
        parts: the measurement.
        matched: fingerprints of its answers.
    """
    names = parts.names
    return {
        "dns_hop": parts.names_at if names.system_asked or names.expected or names.other_failures else None,
        "dns_hostname": names.hostname,
        "dns_system_failure": names.system_failure,
        "dns_system_asked": names.system_asked,
        "dns_answers": names.system_answers,
        "dns_expected": names.expected,
        "dns_expected_by": names.expected_by,
        "dns_other_ok": names.other_ok,
        "dns_other_failures": names.other_failures,
        "dns_resolver_works": parts.observed.resolver_answered
        or any(
            seen.step is _DNS and seen.follow_up == FollowUp.INNOCENT_NAME and bool(seen.answers)
            for seen in parts.follow_ups
        ),
        "dns_plain_silent": names.plain_silent,
        "dns_lossy": any(one.lossy for one in parts.names_compared),
        "dns_bogons": names.bogons,
        "dns_unvouched": names.unvouched,
        "dns_system_unvouched": names.system_unvouched,
        "dns_vouched_by": names.vouched_by,
        "dns_conflicting": names.conflicting,
        "dns_from_nowhere": any(came_from_nowhere(seen) for seen in parts.follow_ups),
        "dns_inside": names.proxied,
        "dns_unvouched_inside": names.unvouched_in_network,
        "dns_nowhere_else": names.nowhere_else,
        "dns_nowhere_outside": names.nowhere_outside,
        "dns_fingerprints": matched.counting,
        "dns_fate": _fates_at_false_addresses(parts, parts.hops[parts.names_at], names),
        "dns_bogon_names": _names_of_bogons(parts),
        "dns_family_failure": names.family_failure,
    }


def _names_of_bogons(parts: MeasurementParts) -> tuple[str, ...]:
    """Find the names whose every address from the network's own resolver is one that no public name has.

    For nettests that ask for many names: a page's one name is compared with the control's answer instead.
    """
    if kind_of_nettest(parts.measurement.test_name) is NettestKind.WEB:
        return ()
    answers: dict[str, set[str]] = {}
    for lookup in [seen for hop in parts.hops for seen in hop.system]:
        if lookup.hostname and not is_private_name(lookup.hostname):
            answers.setdefault(lookup.hostname, set()).update(lookup.answers)
    return tuple(
        sorted(name for name, ips in answers.items() if ips and all(map(parts.addresses.is_bogon, ips)))
    )


def _fates_at_false_addresses(parts: MeasurementParts, hop: Hop, names: Names) -> tuple[str, ...]:
    """Return how connections to addresses that nothing vouches for ended."""
    false = {*names.unvouched, *names.bogons}
    if not false:
        return ()
    fates = {fate_of(seen.step, seen.failure) for seen in (*hop.tcp, *hop.tls) if seen.ip in false}
    fates |= {_fate_of_page(parts, page) for page in hop.http if page.ip in false}
    ports = {seen.port for seen in hop.tcp if seen.port}
    for endpoint in parts.control.endpoints if parts.control else ():
        if endpoint.ip in false and (not ports or endpoint.port in ports):
            if endpoint.tcp_failure:
                fates.add(Fate.CONTROL_UNREACHABLE.value)
            elif endpoint.tls_failure in CERTIFICATE_FAILURES:
                fates.add(Fate.CONTROL_CERTIFICATE.value)
            elif endpoint.tls_attempted and endpoint.tls_failure:
                fates.add(Fate.CONTROL_CUT.value)
    return tuple(sorted(fates))


def _fate_of_page(parts: MeasurementParts, page: Observation) -> str:
    if page.failure is not None:
        return fate_of(page.step, page.failure)
    compared = compare_pages(page, parts.page_of_control)
    if is_refusal(page) or has_portal_marks(page) or (page.status_code or 0) >= FIRST_ERROR_STATUS:
        return Fate.HTTP_REFUSED.value
    if differs(compared):
        return Fate.HTTP_DIFFERS.value
    same = compared.title_match or (compared.length_ratio or 0) > LENGTH_RATIO_SAME
    return (Fate.HTTP_SAME if compared.status_match and same else Fate.HTTP_OK).value
