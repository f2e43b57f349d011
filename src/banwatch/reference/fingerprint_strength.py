"""Strength of a fingerprint: how much a match proves by itself, by its pattern, its place and its scope."""

import re
from dataclasses import fields

from banwatch.model.ids import UNKNOWN_COUNTRY, CountryCode, parse_country
from banwatch.model.reference import NATIONAL_SCOPES, Fingerprint, GradedFingerprint, Strength
from banwatch.reference.thresholds import (
    ADDRESS_CHARACTERS,
    HEADER_CHARACTERS,
    MARKUP_CHARACTERS,
    SENTENCE_WORDS,
    WHOLE_BODY_CHARACTERS,
)

_COUNTRY_IN_NAME = re.compile(r"_(?:nat|isp|unk|corp)_([a-z]{2})(?:_|$)")
"""Citizen Lab and Censored Planet write the country into the names of many fingerprints."""
_NO_COUNTRIES = frozenset({"EN", "IC", "IP", "KO", "NO", "OR", "RE", "UK", "WW"})
"""Two letters that these names use for something else than a country."""
_TAG = re.compile(r"<[^>]*>?")
_INSTITUTION = "inst"
_MARKUP = re.compile(r"<\w+\s[^>]*=")
"""Tag with an attribute."""
_ADDRESS = re.compile(r"^\S*[./=:_-]\S*$", re.ASCII)
"""Text without a blank that has a mark of addresses, file names and ids."""
_WHOLE_SITE = re.compile(r"^(?:(?:https?:)?//)?[\w.-]+(?::\d+)?/?$", re.ASCII)
_SPECIAL = re.compile(r"\\.|\[[^\]]*\][*+?]?|\([^)]*\)[*+?]?|\.[*+?]|[\^$|]")
_WORD = re.compile(r"[^\W_]+")
_WIDE_FROM = "⺀"
_WIDE_LETTERS = 2
"""Characters of a script without spaces that make a word."""


def grade(fingerprint: Fingerprint) -> GradedFingerprint:
    """Add to a fingerprint its strength, and the country that its name tells where no column does."""
    values = {field.name: getattr(fingerprint, field.name) for field in fields(Fingerprint)}
    named = _country_in_name(fingerprint) if not fingerprint.expected_countries else UNKNOWN_COUNTRY
    return GradedFingerprint(**values, strength=strength_of(fingerprint), named_country=named)


def strength_of(fingerprint: Fingerprint) -> Strength:
    """Return how much a match proves.

    A pattern of a nation or a provider that names no country, and one that anybody's page may hold, is a
    witness: something else has to say that the page is not the site's own.
    """
    if fingerprint.scope in NATIONAL_SCOPES and not fingerprint.expected_countries:
        return Strength.WITNESS
    text = _longest_literal(fingerprint)
    if fingerprint.location == "dns":
        return Strength.SOLE
    if fingerprint.location.startswith("header."):
        return _at_least(len(text), HEADER_CHARACTERS)
    if fingerprint.pattern_type == "full":
        return _at_least(len(text), WHOLE_BODY_CHARACTERS)
    words = _TAG.sub(" ", text).strip()
    if _MARKUP.search(text) and len(text) >= MARKUP_CHARACTERS:
        return Strength.SOLE
    if _ADDRESS.match(text) and not text.startswith("<"):
        return Strength.WITNESS if _WHOLE_SITE.match(text) else _at_least(len(text), ADDRESS_CHARACTERS)
    return _at_least(_count_words(words), SENTENCE_WORDS)


def _at_least(found: int, wanted: int) -> Strength:
    return Strength.SOLE if found >= wanted else Strength.WITNESS


def _longest_literal(fingerprint: Fingerprint) -> str:
    if fingerprint.pattern_type != "regexp":
        return fingerprint.pattern
    return max(_SPECIAL.split(fingerprint.pattern), key=len)


def _count_words(text: str) -> int:
    wide = sum(letter > _WIDE_FROM for letter in text)
    narrow = _WORD.findall("".join(" " if letter > _WIDE_FROM else letter for letter in text))
    return len(narrow) + wide // _WIDE_LETTERS


def _country_in_name(fingerprint: Fingerprint) -> CountryCode:
    placed = fingerprint.scope in NATIONAL_SCOPES or fingerprint.scope == _INSTITUTION
    found = _COUNTRY_IN_NAME.search(fingerprint.name) if placed else None
    code = found.group(1).upper() if found else ""
    return UNKNOWN_COUNTRY if code in _NO_COUNTRIES else parse_country(code)
