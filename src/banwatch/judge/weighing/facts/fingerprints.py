"""Fingerprints of block pages and forged answers in a measurement, and what they are worth there.

A fingerprint is one witness. Four questions decide whether it settles anything: whose page it stands in, how
much the pattern proves, where it is expected, and what comes beside it (docs/judge.md).
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from banwatch.judge.thresholds import NOTICE_TEXT_CHARACTERS, SHORT_TEXT_CHARACTERS
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation
from banwatch.model.reference import NATIONAL_SCOPES, GradedFingerprint, Reference, Strength

CONFIRMING_SCOPES = frozenset({*NATIONAL_SCOPES, "prod", "inst"})
"""Scopes whose pages are block pages wherever they are expected; `vbw` is too broad to say so alone."""
_FALSE_POSITIVE = "fp"
_SCRIPT = re.compile(rb"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(rb"<[^>]*>")
_BLANKS = re.compile(r"\s+")


class PageOrigin(StrEnum):
    """Origin of a page, by its comparison with the control's."""

    OWN = "own"
    """The control's own page, or what led to it."""
    ANOTHER = "another"
    """Known to be another one than the control's."""
    UNKNOWN = "unknown"
    """Nothing to compare with, or too little in common and too little apart."""


class FoundPage(NamedTuple):
    """A response that somebody in the path could have written, and whose it seems to be."""

    page: Observation
    origin: PageOrigin


class MatchedFingerprints(NamedTuple):
    """Names of the fingerprints that matched, by what they are worth; each list sorted."""

    counting: tuple[str, ...] = ()
    """They settle it."""
    weak: tuple[str, ...] = ()
    """They prove little alone, and stand in a page that is not the control's."""
    quoted: tuple[str, ...] = ()
    """They stand in the control's own page, or where an ordinary page may hold them."""
    abroad: tuple[str, ...] = ()
    """They belong to another country, or nobody knows where this was."""
    broad: tuple[str, ...] = ()
    vetoed: tuple[str, ...] = ()
    national: bool = False
    """One of those that settle it is of a nation or a provider."""
    context: str = ""
    """The deciding match with what stands around it, and its place."""


_NOTHING_MATCHED = MatchedFingerprints()


class _Worth(StrEnum):
    COUNTING = "counting"
    WEAK = "weak"
    QUOTED = "quoted"
    ABROAD = "abroad"
    BROAD = "broad"


def find_in_answers(
    answers: Iterable[str], names: Iterable[str], measurement: Measurement, reference: Reference
) -> MatchedFingerprints:
    """Find forged answers among addresses and canonical names."""
    found = [match for answer in (*answers, *names) for match in reference.match_dns(answer)]
    if not found:
        return _NOTHING_MATCHED
    if any(match.scope == _FALSE_POSITIVE for match in found):
        return MatchedFingerprints(vetoed=_names(match for match in found if match.scope != _FALSE_POSITIVE))
    worth = [(match, _place(match, measurement) or _Worth.COUNTING) for match in found]
    return _sort(worth)


def find_in_pages(
    pages: Iterable[FoundPage], measurement: Measurement, reference: Reference
) -> MatchedFingerprints:
    """Find block pages among responses; a known false positive takes all matches back."""
    found: list[tuple[GradedFingerprint, FoundPage]] = []
    for one in pages:
        if one.page.body or one.page.response_headers:
            matches = reference.match_http(one.page.body or b"", one.page.response_headers)
            found.extend((match, one) for match in matches)
    if not found:
        return _NOTHING_MATCHED
    if any(match.scope == _FALSE_POSITIVE for match, _ in found):
        return MatchedFingerprints(
            vetoed=_names(match for match, _ in found if match.scope != _FALSE_POSITIVE)
        )
    worth = [(match, _weigh(match, one, measurement), one.page) for match, one in found]
    deciding = sorted(
        (one for one in worth if one[1] in (_Worth.COUNTING, _Worth.WEAK)),
        key=lambda one: (one[1] is not _Worth.COUNTING, one[0].strength is not Strength.SOLE, one[0].name),
    )
    context = ""
    if deciding:
        match, _, page = deciding[0]
        context = reference.show_match(match, page.body or b"", page.response_headers)
    return _sort([(match, kind) for match, kind, _ in worth], context)


def _weigh(match: GradedFingerprint, found: FoundPage, measurement: Measurement) -> _Worth:
    """Say what a match in a page is worth."""
    elsewhere = _place(match, measurement)
    if elsewhere is not None:
        return elsewhere
    if found.origin is PageOrigin.OWN:
        return _Worth.QUOTED
    another = found.origin is PageOrigin.ANOTHER
    placed = match.scope not in NATIONAL_SCOPES or bool(match.expected_countries)
    if match.strength is Strength.SOLE:
        fits = another or _is_text_within(found.page, NOTICE_TEXT_CHARACTERS)
        return _Worth.COUNTING if fits else _Worth.QUOTED
    if (
        placed
        and match.expected_countries
        and (another or _is_text_within(found.page, SHORT_TEXT_CHARACTERS))
    ):
        return _Worth.COUNTING
    return _Worth.WEAK if another else _Worth.QUOTED


def _place(match: GradedFingerprint, measurement: Measurement) -> _Worth | None:
    """Say whether a match is not one of this country and network; None where it is, or may be."""
    if match.scope not in CONFIRMING_SCOPES:
        return _Worth.BROAD
    country = measurement.probe_cc
    nowhere = country == UNKNOWN_COUNTRY or measurement.probe_asn == UNKNOWN_ASN
    if nowhere and match.scope in NATIONAL_SCOPES:
        return _Worth.ABROAD
    expected = match.expected_countries or (
        (match.named_country,) if match.named_country != UNKNOWN_COUNTRY else ()
    )
    return None if not expected or country in expected else _Worth.ABROAD


def _is_text_within(page: Observation, characters: int) -> bool:
    """Whether what a reader sees of a page is no longer than a notice."""
    body = page.body or b""
    seen = _TAG.sub(b" ", _SCRIPT.sub(b" ", body)).decode("utf-8", "replace")
    return len(_BLANKS.sub(" ", seen).strip()) <= characters


def _sort(worth: Sequence[tuple[GradedFingerprint, _Worth]], context: str = "") -> MatchedFingerprints:
    def of(kind: _Worth) -> tuple[str, ...]:
        return _names(match for match, found in worth if found is kind)

    return MatchedFingerprints(
        counting=of(_Worth.COUNTING),
        weak=of(_Worth.WEAK),
        quoted=of(_Worth.QUOTED),
        abroad=of(_Worth.ABROAD),
        broad=of(_Worth.BROAD),
        national=any(m.scope in NATIONAL_SCOPES for m, kind in worth if kind is _Worth.COUNTING),
        context=context,
    )


def _names(matches: Iterable[GradedFingerprint]) -> tuple[str, ...]:
    return tuple(sorted({match.name for match in matches}))
