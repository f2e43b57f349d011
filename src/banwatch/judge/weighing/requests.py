"""Columns `http_`: the last page that was requested, beside the control's."""

from collections.abc import Iterator
from typing import TypedDict

from banwatch.judge.weighing.connections import OTHER_NAMES, RETRIES
from banwatch.judge.weighing.facts import fingerprints
from banwatch.judge.weighing.facts.fingerprints import FoundPage, MatchedFingerprints, PageOrigin
from banwatch.judge.weighing.facts.follow_ups import are_alike, is_same_elsewhere, other_host_at
from banwatch.judge.weighing.facts.pages import (
    FIRST_ERROR_STATUS,
    NOTHING_COMPARED,
    REDIRECTS,
    compare_pages,
    is_another,
    is_broken_redirect,
    is_own,
    is_refusal,
)
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.judge.weighing.redirects import is_redirected_off, is_sent_in_clear, leads_off
from banwatch.model.fate import Fate, ending_of, fate_of
from banwatch.model.follow_up import FollowUp
from banwatch.model.observation import Observation, Step


class RequestColumns(TypedDict):
    """Columns of `Evidence` with these names."""

    http_failure: str | None
    http_kind: str | None
    http_status: int | None
    http_title: str | None
    http_body_length: int | None
    http_encrypted: bool
    http_authenticated: bool
    http_genuine: bool
    http_again_ok: bool
    http_again_failed: bool
    http_other_name_ok: bool
    http_same_elsewhere: bool
    http_forged_redirect: bool
    http_encrypted_twin: str
    dns_host_answers_alike: bool
    http_redirect_broken: bool
    http_redirected_off: bool
    http_refused: bool
    http_status_match: bool | None
    http_title_match: bool | None
    http_length_ratio: float | None
    http_length_like: bool | None
    http_headers_match: bool | None
    http_fingerprints: tuple[str, ...]
    http_fingerprints_abroad: tuple[str, ...]
    http_fingerprints_weak: tuple[str, ...]
    fingerprints_quoted: tuple[str, ...]
    fingerprint_context: str
    fingerprints_broad: tuple[str, ...]
    fingerprints_vetoed: tuple[str, ...]


def find_known_pages(parts: MeasurementParts) -> MatchedFingerprints:
    """Look for block pages among all responses."""
    return fingerprints.find_in_pages(_open_pages(parts), parts.measurement, parts.reference)


def find_requests(
    parts: MeasurementParts, in_answers: MatchedFingerprints, in_pages: MatchedFingerprints
) -> RequestColumns:
    """Compare the last page with the control's.

    Args:
        parts: the measurement.
        in_answers: fingerprints of the answers to lookups.
        in_pages: fingerprints of the responses.
    """
    last = parts.last
    page = parts.last_page
    answered = page if page is not None and page.status_code and page.failure is None else None
    encrypted = page is not None and (page.url or "").startswith("https:")
    compared = NOTHING_COMPARED
    if answered is not None:
        compared = compare_pages(answered, parts.control.http if parts.control else None)
    first = _first_page(parts)
    again = [seen.failure is None for seen in parts.requests_again(RETRIES)]
    return {
        "http_failure": page.failure if page is not None else None,
        "http_kind": ending_of(page.failure).value if page is not None and page.failure else None,
        "http_status": page.status_code if page is not None else None,
        "http_title": page.title if page is not None else None,
        "http_body_length": page.body_length if page is not None else None,
        "http_encrypted": encrypted,
        "http_authenticated": encrypted and page is not None and parts.is_authenticated(page, last),
        "http_genuine": page is None or not parts.is_false(page.ip),
        "http_again_ok": any(again),
        "http_again_failed": not all(again),
        "http_other_name_ok": any(
            other.failure is None and (page is None or other.ip == page.ip)
            for other in parts.requests_again(OTHER_NAMES)
        ),
        "http_same_elsewhere": answered is not None and is_same_elsewhere(answered, parts.follow_ups),
        "http_forged_redirect": first is not None
        and leads_off(parts, first)
        and is_same_elsewhere(first, parts.follow_ups),
        "http_encrypted_twin": _find_encrypted_twin(parts, first),
        "dns_host_answers_alike": first is not None and _answers_alike(parts, first),
        "http_redirect_broken": is_broken_redirect(page, parts.last_at),
        "http_redirected_off": is_redirected_off(parts),
        "http_refused": answered is not None and is_refusal(answered),
        "http_status_match": compared.status_match,
        "http_title_match": compared.title_match,
        "http_length_ratio": compared.length_ratio,
        "http_length_like": compared.length_like,
        "http_headers_match": compared.headers_match,
        "http_fingerprints": in_pages.counting,
        "http_fingerprints_abroad": tuple(sorted({*in_pages.abroad, *in_answers.abroad})),
        "http_fingerprints_weak": in_pages.weak,
        "fingerprints_quoted": in_pages.quoted,
        "fingerprint_context": in_pages.context,
        "fingerprints_broad": tuple(sorted({*in_pages.broad, *in_answers.broad})),
        "fingerprints_vetoed": tuple(sorted({*in_pages.vetoed, *in_answers.vetoed})),
    }


def _first_page(parts: MeasurementParts) -> Observation | None:
    """Return the unencrypted response to the input itself."""
    if not parts.follow_ups or not parts.hops[0].http:
        return None
    page = parts.hops[0].http[-1]
    plain = not (page.url or "").startswith("https:")
    return page if plain and page.failure is None and page.status_code else None


def _answers_alike(parts: MeasurementParts, first: Observation) -> bool:
    other = other_host_at(first, parts.follow_ups) if parts.is_false(first.ip) else None
    return other is not None and are_alike(first, other)


def _is_good(parts: MeasurementParts, shake: Observation) -> bool:
    return parts.is_valid(shake) if shake.peer_certificates else not (shake.failure or shake.no_verify)


def _find_encrypted_twin(parts: MeasurementParts, first: Observation | None) -> str:
    """Return the fate of the same page inside TLS; a cut counts where the control completed TLS there."""
    twin = [seen for seen in parts.follow_ups if seen.follow_up == FollowUp.ENCRYPTED]
    if first is None or not twin:
        return ""
    last = twin[-1]
    if last.failure is None and last.step is Step.HTTP:
        verified = any(seen.step is Step.TLS and _is_good(parts, seen) for seen in twin)
        fine = verified and (last.status_code or FIRST_ERROR_STATUS) < FIRST_ERROR_STATUS
        return Fate.HTTP_OK.value if fine and not is_refusal(last) else Fate.HTTP_REFUSED.value
    there = parts.addresses.unwrap(first.ip or "")
    completed = any(
        endpoint.ip == there and endpoint.tls_attempted and endpoint.tls_failure is None
        for endpoint in (parts.control.endpoints if parts.control else ())
    )
    return fate_of(last.step, last.failure) if completed and last.failure is not None else ""


def _open_pages(parts: MeasurementParts) -> Iterator[FoundPage]:
    """Give responses that somebody in the path could have written, or sent us to, and whose they seem to be.

    A page over verified TLS is its host's own; it counts only where an unencrypted redirect led to that host.
    """
    final = _origin_of_last(parts)
    for at, hop in enumerate(parts.hops):
        for page in hop.http:
            plain = not (page.url or "").startswith("https:")
            if plain or not parts.is_verified(page, hop) or is_sent_in_clear(parts, at):
                last = at == parts.last_at and page is hop.http[-1]
                yield FoundPage(page, final if last else _origin_on_the_way(parts, page, final))


def _origin_of_last(parts: MeasurementParts) -> PageOrigin:
    page = parts.last_page
    if page is None or page.failure is not None:
        return PageOrigin.UNKNOWN
    compared = parts.last_page_compared
    if is_own(compared):
        return PageOrigin.OWN
    return PageOrigin.ANOTHER if is_another(compared) or _is_redirect(page, parts) else PageOrigin.UNKNOWN


def _origin_on_the_way(parts: MeasurementParts, page: Observation, final: PageOrigin) -> PageOrigin:
    """Say whose a redirect is: what led to the control's page is the site's own."""
    if final is PageOrigin.UNKNOWN and _is_redirect(page, parts) and not parts.last.http:
        return PageOrigin.ANOTHER
    return final


def _is_redirect(page: Observation, parts: MeasurementParts) -> bool:
    """Whether a response redirects, where the control got a page."""
    return (page.status_code or 0) // 100 == REDIRECTS and parts.page_of_control is not None
