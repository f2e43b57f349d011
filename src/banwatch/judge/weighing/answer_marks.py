"""Marks of what answered in place of a site, which a report's other measurements may bear as well.

A gateway without any known mark still answers alike for every site. One measurement cannot show that; its
marks can be compared with those of the same report (`judge.reports`).
"""

import hashlib
from collections.abc import Iterator

from banwatch.formats.ooni.reading import host_of
from banwatch.judge.thresholds import MARK_DIGITS
from banwatch.judge.weighing.facts.pages import (
    FIRST_ERROR_STATUS,
    REDIRECTS,
    compare_pages,
    is_common_title,
    is_own,
    is_refusal,
)
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.failure import CERTIFICATE_FAILURES
from banwatch.model.nettest import NettestKind, kind_of_nettest
from banwatch.model.observation import Observation

_OF_GATEWAYS = ("10.", "192.168.", "169.254.", "fc", "fd", "fe80:")
"""Beginnings of the addresses that a gateway has in its own network (RFC 1918, 3927, 4193, 4291), beside
those of `_is_gateways`. Loopback and the unspecified address are nobody's: a forger's."""


def find_answer_marks(parts: MeasurementParts) -> tuple[str, ...]:
    """Find the marks of what answered in place of the site: addresses, certificates, redirects, pages.

    None where the site itself answered, and for other nettests than those of pages.
    """
    if kind_of_nettest(parts.measurement.test_name) is not NettestKind.WEB:
        return ()
    return tuple(
        sorted({*_marks_of_addresses(parts), *_marks_of_certificates(parts), *_marks_of_pages(parts)})
    )


def has_site_answered(parts: MeasurementParts) -> bool:
    """Whether the site itself answered: over TLS that was verified, or with the control's own page."""
    if any(parts.is_verified(shake, hop) for hop in parts.hops for shake in hop.tls if shake.failure is None):
        return True
    return any(_is_sites_own(parts, page) for hop in parts.hops for page in hop.http)


def _is_sites_own(parts: MeasurementParts, page: Observation) -> bool:
    return page.failure is None and is_own(compare_pages(page, parts.page_of_control))


def _marks_of_addresses(parts: MeasurementParts) -> Iterator[str]:
    names = parts.names
    if names.system_unvouched and names.system_answers and all(map(_is_gateways, names.system_answers)):
        yield "address:" + ",".join(sorted(names.system_answers))


def _is_gateways(ip: str) -> bool:
    first, _, rest = ip.partition(".")
    second = rest.partition(".")[0]
    if first == "172" and second.isdecimal():
        return 16 <= int(second) <= 31
    if first == "100" and second.isdecimal():
        return 64 <= int(second) <= 127
    return ip.startswith(_OF_GATEWAYS)


def _marks_of_certificates(parts: MeasurementParts) -> Iterator[str]:
    for hop in parts.hops:
        for shake in hop.tls:
            if shake.failure in CERTIFICATE_FAILURES and shake.certificate_sha256:
                yield f"certificate:{shake.certificate_sha256[0][:MARK_DIGITS]}"


def _marks_of_pages(parts: MeasurementParts) -> Iterator[str]:
    for hop in parts.hops:
        for page in hop.http:
            if page.failure is not None or page.status_code is None or _is_sites_own(parts, page):
                continue
            if not (page.url or "").startswith("https:") or not parts.is_verified(page, hop):
                yield from _marks_of_page(page)


def _marks_of_page(page: Observation) -> Iterator[str]:
    status = page.status_code or 0
    if status // 100 == REDIRECTS:
        aim = host_of(page.location) if page.location else None
        if aim and aim != page.hostname:
            yield f"redirect:{aim}"
        return
    if status >= FIRST_ERROR_STATUS or is_refusal(page):
        return  # sites of one content network all refuse alike
    if page.title and not is_common_title(page.title) and (page.hostname or "") not in page.title.casefold():
        yield f"title:{page.title.casefold()}"
    if page.body:
        body = page.body.replace(
            (page.hostname or "-").encode(), b""
        )  # gateways write down who was asked for
        yield f"body:{hashlib.sha256(body).hexdigest()[:MARK_DIGITS]}"
