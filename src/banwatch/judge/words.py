"""Words that rules share: for sentences, and for conditions that several of them have."""

from collections.abc import Sequence

from banwatch.model.evidence import Evidence


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
    who = {"control": "the control", "encrypted": "an encrypted resolver"}.get(
        e.dns_expected_by, "nobody else"
    )
    return f"{who} got {listed(e.dns_expected)}" if e.dns_expected else f"{who} got another"


def is_known_elsewhere(e: Evidence) -> bool:
    """Whether the name resolves elsewhere: by its addresses, or, at a redirect, by the control's page."""
    return bool(e.dns_expected) or (bool(e.dns_hop) and e.control_http)


def page_came(e: Evidence) -> bool:
    """Whether the last request got a response."""
    return e.http_failure is None and e.http_status is not None
