"""Unencrypted redirects off the site: whether the site itself may have sent them."""

from banwatch.formats.ooni.reading import host_of
from banwatch.judge.weighing.facts.pages import uncommon_headers
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.observation import Observation

_USUAL_PREFIXES = frozenset({"", "www."})


def is_redirected_off(parts: MeasurementParts) -> bool:
    """Whether an unencrypted response led to another registrable domain, not by the site's own doing."""
    was_led_off = any(leads_off(parts, page) for hop in parts.hops for page in hop.http)
    return was_led_off and not _is_by_the_site(parts)


def is_sent_in_clear(parts: MeasurementParts, at: int) -> bool:
    """Whether the pages of a hop were reached by an unencrypted redirect to another registrable domain."""
    return any(leads_off(parts, page) for hop in parts.hops[:at] for page in hop.http)


def leads_off(parts: MeasurementParts, page: Observation) -> bool:
    """Whether an unencrypted response sends to another registrable domain, of another owner by its name."""
    aim = host_of(page.location) if page.location else None
    if not aim or not page.hostname or not (page.url or "").startswith("http:"):
        return False
    ours, theirs = parts.reference.target_of(page.hostname), parts.reference.target_of(aim)
    if ours == theirs:
        return False
    return not _is_same_brand(page.hostname, ours, aim, theirs)


def _is_same_brand(host: str, ours: str, aim: str, theirs: str) -> bool:
    """Whether two names differ only in their suffix, as google.com and www.google.de do: one owner's."""
    if ours[:1].isdigit() or ours.partition(".")[0] != theirs.partition(".")[0]:
        return False
    prefix = aim.removesuffix(theirs)
    return prefix in _USUAL_PREFIXES or prefix == host.removesuffix(ours)


def _is_by_the_site(parts: MeasurementParts) -> bool:
    """Whether the site's own server shows in the redirect, or where it leads.

    A certificate there that is valid for the first name too is the same owner's; a header that few servers
    send, in the redirect as in the control's page, is the same server's.
    """
    first = next((seen.hostname for hop in parts.hops for seen in hop.http if seen.hostname), None)
    if first and any(parts.is_valid_for(shake, first) for shake in parts.last.tls if not shake.failure):
        return True
    control = parts.page_of_control
    if control is None:
        return False
    theirs = uncommon_headers(control.headers)
    return any(
        theirs & uncommon_headers(page.response_headers)
        for hop in parts.hops
        for page in hop.http
        if leads_off(parts, page)
    )
