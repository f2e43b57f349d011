"""Operators that a table names, matched to the AS numbers of their networks by the names of ASes.

A match is sure where the words of both names are the same, but for legal forms, the country and words that
any operator has (`telecom`, `mobile`). A brand that stands in no AS's name is not guessed at.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel import Locale

from banwatch.bans import thresholds as t
from banwatch.model.ids import Asn, CountryCode

_LEGAL_WORDS = """
ltd limited plc llc llp sa sarl sas spa srl ag gmbh inc incorporated corp corporation co company group holding
holdings pjsc pjs psj jsc ojsc cjsc psc pte pty pvt private public joint stock bhd sdn the of and for u t k m
s de du des la le et el al wll fzc fze kft ab as asa oy bv nv lda ltda net
"""
_LEGAL_FORMS = frozenset(_LEGAL_WORDS.split())
_GENERIC_WORDS = """
telecom telecoms telecommunication telecommunications telekom telco communication communications mobile
cellular gsm internet services service network networks isp isps operator operators provider providers
broadband fixed line wireless data national international digital technology technologies solutions
"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
_NO_NAME = frozenset(
    {"", "yes", "no", "all", "none", "unknown", "n a", "na", "not specified", "other", "several"}
)
_SEPARATOR = re.compile(r"[,;/\n]|\band\b|&")


@dataclass(frozen=True, slots=True)
class NamedOperator:
    """Operator as a table names it, with the networks that are surely its own."""

    name: str
    asns: tuple[Asn, ...]
    """Empty where no AS of the country surely has this name."""


def match_operators(
    text: str, country: CountryCode, networks: Sequence[tuple[int, str]]
) -> tuple[NamedOperator, ...]:
    """Match each operator in a cell of a table.

    Args:
        text: names, separated by commas, semicolons, slashes or `and`.
        country: the country that the row is about.
        networks: number and name of each AS of the country.
    """
    own_words = frozenset(_words(str(Locale("en").territories.get(country, ""))))
    by_all: dict[frozenset[str], list[int]] = {}
    by_distinct: dict[frozenset[str], list[int]] = {}
    for asn, name in networks:
        whole = frozenset(_words(name)) - _LEGAL_FORMS
        by_all.setdefault(whole, []).append(asn)
        by_distinct.setdefault(whole - _GENERIC - own_words, []).append(asn)
    found = []
    for part in _names_in(text):
        whole = frozenset(_words(part)) - _LEGAL_FORMS
        distinct = whole - _GENERIC - own_words
        asns = by_all.get(whole, []) if whole - _GENERIC else []
        if any(len(word) >= t.OPERATOR_WORD_LETTERS for word in distinct):
            asns = [*asns, *by_distinct.get(distinct, [])]
        sure = sorted(set(asns))
        found.append(NamedOperator(part, tuple(map(Asn, sure)) if len(sure) <= t.OPERATOR_NETWORKS else ()))
    return tuple(found)


def bound_networks(operators: Sequence[NamedOperator]) -> list[Mapping[str, object]]:
    """Return the `binds` of a ban file; none where a single operator is not sure: it would seem not bound."""
    if not operators or not all(one.asns for one in operators):
        return []
    return [{"asn": int(asn), "name": one.name} for one in operators for asn in one.asns]


def render_operators(operators: Sequence[NamedOperator]) -> str:
    """Return the operators in words, each with the AS numbers that are surely its own."""
    if not operators:
        return ""
    parts = [
        f"{one.name} ({', '.join(f'AS{asn}' for asn in one.asns) or 'no AS surely has this name'})"
        for one in operators
    ]
    unsure = "" if all(one.asns for one in operators) else " Not all are sure, so the draft binds no network."
    return f"Operators named: {', '.join(parts)}.{unsure}"


def _names_in(text: str) -> list[str]:
    parts = (" ".join(part.split()) for part in _SEPARATOR.split(text))
    return [part for part in dict.fromkeys(parts) if " ".join(_words(part)) not in _NO_NAME]


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
