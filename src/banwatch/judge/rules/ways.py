"""Ways to a site: by each address, over each version of IP, over TCP and QUIC. Conditions and phrases."""

from banwatch.judge.rules.phrases import listed, not_by_chance
from banwatch.judge.weighing.facts.addresses import is_v6
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending


def is_partly_reached(e: Evidence) -> bool:
    """Whether some way to the site failed for which the control, and another way, worked."""
    return _some_address_failed(e) or _quic_failed(e)


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
    return f"{listed(tuple(parts))}, which the control's did not"


def _one_family(e: Evidence) -> str:
    """Return which version of IP alone failed; empty where both did or both worked."""
    failed, worked = {is_v6(ip) for ip in e.addresses_failed}, {is_v6(ip) for ip in e.addresses_ok}
    if len(failed) != 1 or failed & worked:
        return ""
    return ", all those of IPv6" if True in failed else ", all those of IPv4"
