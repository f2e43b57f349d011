"""Phrases and conditions that several rules share."""

from collections.abc import Sequence

from banwatch.model import wording
from banwatch.model.evidence import Evidence
from banwatch.model.path import PathPosition
from banwatch.model.voucher import Voucher

_NAMES_IN_A_LIST = 3
_VOUCHERS: dict[str, str] = {
    Voucher.CONTROL: "the control",
    Voucher.ENCRYPTED: "an encrypted resolver",
}


def listed(names: Sequence[str]) -> str:
    """Return up to three names as a sentence has them, and the number of the rest."""
    return wording.listed(names, _NAMES_IN_A_LIST, nothing="nothing")


def name(e: Evidence) -> str:
    """Return the name that was resolved, or else the input or the target."""
    return e.dns_hostname or e.input or str(e.target)


def host(e: Evidence) -> str:
    """Return the name that was connected to last, or else the input or the target."""
    return e.hostname or e.input or str(e.target)


def at_hop(hop: int | None) -> str:
    """Return at which redirect something happened; empty for the input itself."""
    return f" (after {hop} redirect{'s' if hop != 1 else ''})" if hop else ""


def expected(e: Evidence) -> str:
    """Return which addresses the control or an encrypted resolver got."""
    who = _VOUCHERS.get(e.dns_expected_by, "nobody else")
    return f"{who} got {listed(e.dns_expected)}" if e.dns_expected else f"{who} got another"


def is_known_elsewhere(e: Evidence) -> bool:
    """Whether the name resolves elsewhere: by its addresses, or, at a redirect, by the control's page."""
    return bool(e.dns_expected) or (bool(e.dns_hop) and e.control_http)


def page_came(e: Evidence) -> bool:
    """Whether the last request got a response, by the route that everybody on the network takes."""
    return e.http_failure is None and e.http_status is not None and not e.page_by_other_route


def failed_for_control(e: Evidence) -> bool:
    """Whether the control looked, and failed too: no name, no connection, no handshake, or no page."""
    return e.control and (e.control_http_failure is not None or e.control_dns_failure is not None)


def not_by_chance(e: Evidence, timeouts: int) -> bool:
    """Time-outs that loss, impatience or a slow machine would not explain.

    One alone, on a network that loses other packets too, with little time given, or at one address of a site
    that works at its others, may be any of them.
    """
    if e.slow_probe and not e.retested:
        return False
    return timeouts > 1 or not (e.dns_lossy or e.short_timeouts or e.page_by_other_route)


def is_by_name(e: Evidence) -> bool:
    """Whether what was said decides: the name, or that there is one."""
    if e.tls_name_cut_elsewhere or e.tls_no_sni_ok or (e.tls_other_name_ok and not e.tls_other_name_cut):
        return True
    return e.tls_split_ok and not e.tls_other_name_cut


def is_before_any_word(e: Evidence) -> bool:
    """Whether connections are reset before anything is said, and not because of what was said earlier."""
    return e.reset_unasked and not is_by_name(e)


def qualified(e: Evidence, node: str) -> tuple[str, ...]:
    """Add `.sni` where what was said decides, `.other` where any name was cut, else nothing.

    A list of allowed names cuts an innocent name too: no name at all, or one cut in two, then tells.
    """
    if is_by_name(e):
        return (f"{node}.sni",)
    return (
        (f"{node}.other",)
        if e.tls_other_name_cut and not (e.tls_other_name_ok or e.tls_split_ok)
        else (node,)
    )


def whereabouts(e: Evidence) -> str:
    """Return where the censor sits that cuts, as far as follow-ups show it."""
    phrases = []
    if e.reset_place:
        phrases.append("from on the path" if e.reset_place == PathPosition.ON_PATH else "from in the path")
    if e.cut_hops is not None:
        phrases.append(f"{e.cut_hops} hop{'s' if e.cut_hops != 1 else ''} away")
    if e.reset_early:
        phrases.append("sooner than the server can answer")
    return f", {listed(phrases)}" if phrases else ""
