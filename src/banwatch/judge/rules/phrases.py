"""Words that rules share: for sentences, and for conditions that several of them have."""

from collections.abc import Sequence

from banwatch.model.evidence import Evidence
from banwatch.model.path import PathPosition
from banwatch.model.voucher import Voucher

_VOUCHERS: dict[str, str] = {
    Voucher.CONTROL: "the control",
    Voucher.ENCRYPTED: "an encrypted resolver",
}


def listed(things: Sequence[str], most: int = 3) -> str:
    """Write `a, b and c`; past `most`, how many more."""
    shown = list(things[:most])
    if len(things) > most:
        shown.append(f"{len(things) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nothing"


def name(e: Evidence) -> str:
    """The name resolved, or what was measured."""
    return e.dns_hostname or e.input or str(e.target)


def host(e: Evidence) -> str:
    """The name connected to last, or what was measured."""
    return e.hostname or e.input or str(e.target)


def at_hop(hop: int | None) -> str:
    """Say at which redirect, where it is not the input itself."""
    return f" (after {hop} redirect{'s' if hop != 1 else ''})" if hop else ""


def expected(e: Evidence) -> str:
    """Who got which addresses."""
    who = _VOUCHERS.get(e.dns_expected_by, "nobody else")
    return f"{who} got {listed(e.dns_expected)}" if e.dns_expected else f"{who} got another"


def is_known_elsewhere(e: Evidence) -> bool:
    """Whether the name resolves elsewhere: by its addresses, or, at a redirect, by the control's page."""
    return bool(e.dns_expected) or (bool(e.dns_hop) and e.control_http)


def page_came(e: Evidence) -> bool:
    """Whether the last request got a response."""
    return e.http_failure is None and e.http_status is not None


def failed_for_control(e: Evidence) -> bool:
    """Whether the control looked, and failed too: no name, no connection, no handshake, or no page."""
    return e.control and (e.control_http_failure is not None or e.control_dns_failure is not None)


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
    """Where the one sits who cuts, as far as follow-ups tell."""
    told = []
    if e.reset_place:
        told.append("from on the path" if e.reset_place == PathPosition.ON_PATH else "from in the path")
    if e.cut_hops is not None:
        told.append(f"{e.cut_hops} hop{'s' if e.cut_hops != 1 else ''} away")
    if e.reset_early:
        told.append("sooner than the server can answer")
    return f", {listed(told)}" if told else ""
