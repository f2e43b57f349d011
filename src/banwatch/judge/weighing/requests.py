"""Columns `http_`: the last page that was requested, beside the control's."""

from collections.abc import Iterator
from typing import TypedDict

from banwatch.formats.ooni.reading import host_of
from banwatch.judge.weighing import fingerprints
from banwatch.judge.weighing.connections import OTHER_NAMES, RETRIES
from banwatch.judge.weighing.fingerprints import MatchedFingerprints
from banwatch.judge.weighing.follow_ups import is_same_elsewhere
from banwatch.judge.weighing.pages import (
    PageComparison,
    compare_pages,
    is_broken_redirect,
    is_refusal,
)
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.fate import ending_of
from banwatch.model.observation import Observation

_NOTHING_COMPARED = PageComparison()


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
    http_redirect_broken: bool
    http_redirected_off: bool
    http_refused: bool
    http_status_match: bool | None
    http_title_match: bool | None
    http_length_ratio: float | None
    http_headers_match: bool | None
    http_fingerprints: tuple[str, ...]
    http_fingerprints_abroad: tuple[str, ...]
    fingerprints_broad: tuple[str, ...]
    fingerprints_vetoed: tuple[str, ...]


def find_requests(parts: MeasurementParts, in_answers: MatchedFingerprints) -> RequestColumns:
    """Compare the last page with the control's, and look for block pages in all of them.

    Args:
        parts: the measurement.
        in_answers: fingerprints of the answers to lookups.
    """
    last = parts.last
    page = last.http[-1] if last.http else None
    answered = page if page is not None and page.status_code and page.failure is None else None
    encrypted = page is not None and (page.url or "").startswith("https:")
    compared = _NOTHING_COMPARED
    if answered is not None:
        compared = compare_pages(answered, parts.control.http if parts.control else None)
    in_pages = fingerprints.find_in_pages(_open_pages(parts), parts.measurement.probe_cc, parts.reference)
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
        "http_redirect_broken": is_broken_redirect(page, parts.last_at),
        "http_redirected_off": _is_redirected_off(parts),
        "http_refused": answered is not None and is_refusal(answered),
        "http_status_match": compared.status_match,
        "http_title_match": compared.title_match,
        "http_length_ratio": compared.length_ratio,
        "http_headers_match": compared.headers_match,
        "http_fingerprints": in_pages.counting,
        "http_fingerprints_abroad": tuple(sorted({*in_pages.abroad, *in_answers.abroad})),
        "fingerprints_broad": tuple(sorted({*in_pages.broad, *in_answers.broad})),
        "fingerprints_vetoed": tuple(sorted({*in_pages.vetoed, *in_answers.vetoed})),
    }


def _open_pages(parts: MeasurementParts) -> Iterator[Observation]:
    """Give responses that somebody in the path could have written: not those over verified TLS."""
    for hop in parts.hops:
        for page in hop.http:
            if not (page.url or "").startswith("https:") or not parts.is_verified(page, hop):
                yield page


def _is_redirected_off(parts: MeasurementParts) -> bool:
    """Whether an unencrypted response redirected to another registrable domain."""
    target_of = parts.reference.target_of
    for hop in parts.hops:
        for page in hop.http:
            aim = host_of(page.location) if page.location else None
            if (
                aim
                and page.hostname
                and (page.url or "").startswith("http:")
                and target_of(aim) != target_of(page.hostname)
            ):
                return True
    return False
