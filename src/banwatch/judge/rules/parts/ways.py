"""Ways to a site: by each address, over each version of IP, over TCP and QUIC. Conditions and phrases."""

from banwatch.judge.rules.parts.phrases import listed, not_by_chance
from banwatch.judge.weighing.facts.addresses import is_v6
from banwatch.model.evidence import Evidence
from banwatch.model.failure import DNS_NXDOMAIN, DNS_REFUSED
from banwatch.model.fate import Ending, Fate


def is_partly_reached(e: Evidence) -> bool:
    """Whether some way to the site failed for which the control, and another way, worked."""
    return _some_address_failed(e) or _quic_failed(e) or _some_answer_false(e) or _family_withheld(e)


_ABSENT = frozenset(
    {
        Fate.TCP_TIMEOUT,
        Fate.TCP_REFUSED,
        Fate.TCP_RESET,
        Fate.TCP_UNREACHABLE,
        Fate.TLS_CERTIFICATE,
        Fate.HTTP_DIFFERS,
        Fate.CONTROL_CERTIFICATE,
        Fate.CONTROL_CUT,
        Fate.CONTROL_UNREACHABLE,
    }
)
"""Fates of an address at which the site is not."""


def _some_answer_false(e: Evidence) -> bool:
    """Whether the network's own resolver gave, beside good addresses, one at which the site is not."""
    if e.dns_system_unvouched or set(e.dns_unvouched).isdisjoint(e.dns_answers):
        return False
    return not _ABSENT.isdisjoint(e.dns_fate)


def _family_withheld(e: Evidence) -> bool:
    """Whether the network's own resolver refuses or denies one kind of address."""
    return e.dns_family_failure in (DNS_REFUSED, DNS_NXDOMAIN)


def _some_address_failed(e: Evidence) -> bool:
    """Whether the page came although some genuine address failed, for a reason other than loss."""
    if not e.addresses_ok or not e.addresses_failed:
        return False
    timeouts = e.tcp_timeout + e.tls_timeout
    only_timeouts = all(fate.endswith(Ending.TIMEOUT) for fate in e.addresses_fate)
    return not only_timeouts or not_by_chance(e, timeouts)


def _quic_failed(e: Evidence) -> bool:
    failures = e.quic_timeout + e.quic_reset
    return e.quic_control and e.quic_ok == 0 and failures > 0 and not_by_chance(e, failures)


def what_failed(e: Evidence) -> str:
    """Return which ways failed while the page came by another."""
    parts = []
    if _some_address_failed(e):
        tried = len(e.addresses_ok) + len(e.addresses_failed)
        fates = listed(tuple(fate.replace(".", " ") for fate in e.addresses_fate))
        parts.append(f"{len(e.addresses_failed)} of {tried} addresses failed ({fates}){_one_family(e)}")
    if _quic_failed(e):
        parts.append("every QUIC handshake failed")
    said = f"{listed(tuple(parts))}, which the control's did not" if parts else ""
    false = [ip for ip in e.dns_unvouched if ip in e.dns_answers]
    others = []
    if _some_answer_false(e):
        others.append(f"the network's resolver also gave {listed(false)}, where the site is not")
    if _family_withheld(e):
        others.append(f"the network's resolver gave no address of one kind ({e.dns_family_failure})")
    return "; ".join(part for part in (said, *others) if part)


def _one_family(e: Evidence) -> str:
    """Return which version of IP alone failed; empty where both did or both worked."""
    failed, worked = {is_v6(ip) for ip in e.addresses_failed}, {is_v6(ip) for ip in e.addresses_ok}
    if len(failed) != 1 or failed & worked:
        return ""
    return ", all those of IPv6" if True in failed else ", all those of IPv4"
