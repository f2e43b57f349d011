"""Fingerprints of block pages and forged answers in a measurement, and whether they count in its country."""

from collections.abc import Iterable
from dataclasses import dataclass

from banwatch.model.ids import UNKNOWN_COUNTRY, CountryCode
from banwatch.model.observation import Observation
from banwatch.model.reference import Fingerprint, Reference

CONFIRMING_SCOPES = frozenset({"nat", "isp", "prod", "inst"})
"""Scopes whose pages are block pages wherever they are expected; `vbw` is too broad to say so alone."""
_BROAD = "vbw"
_FALSE_POSITIVE = "fp"


@dataclass(frozen=True, slots=True)
class MatchedFingerprints:
    """Names of the fingerprints that matched, by what they are worth in a country; each list sorted."""

    counting: tuple[str, ...] = ()
    abroad: tuple[str, ...] = ()
    broad: tuple[str, ...] = ()
    vetoed: tuple[str, ...] = ()


def sort_fingerprints(found: Iterable[Fingerprint], country: CountryCode) -> MatchedFingerprints:
    """Sort matches by whether they count in a country; a known false positive takes all of them back."""
    matches = list(found)
    if not matches:
        return MatchedFingerprints()
    real = [match for match in matches if match.scope != _FALSE_POSITIVE]
    if len(real) < len(matches):
        return MatchedFingerprints(vetoed=_names(real))
    confirming = [match for match in real if match.scope in CONFIRMING_SCOPES]
    return MatchedFingerprints(
        counting=_names(match for match in confirming if _counts(match, country)),
        abroad=_names(match for match in confirming if not _counts(match, country)),
        broad=_names(match for match in real if match.scope not in CONFIRMING_SCOPES),
    )


def find_in_answers(
    answers: Iterable[str], names: Iterable[str], country: CountryCode, reference: Reference
) -> MatchedFingerprints:
    """Find forged answers among addresses and canonical names."""
    found: list[Fingerprint] = []
    for answer in (*answers, *names):
        found.extend(reference.match_dns(answer))
    return sort_fingerprints(found, country)


def find_in_pages(
    pages: Iterable[Observation], country: CountryCode, reference: Reference
) -> MatchedFingerprints:
    """Find block pages among responses."""
    found: list[Fingerprint] = []
    for page in pages:
        if page.body or page.response_headers:
            found.extend(reference.match_http(page.body or b"", page.response_headers))
    return sort_fingerprints(found, country)


def _counts(match: Fingerprint, country: CountryCode) -> bool:
    expected = match.expected_countries
    return not expected or (country != UNKNOWN_COUNTRY and country in expected)


def _names(matches: Iterable[Fingerprint]) -> tuple[str, ...]:
    return tuple(sorted({match.name for match in matches}))
