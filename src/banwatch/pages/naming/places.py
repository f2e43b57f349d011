"""Names of countries: in English, and in their own languages and scripts."""

from collections.abc import Mapping
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from banwatch.pages.wording import words

_OTHER_NAMES = {
    "KP": ("DPRK", "Democratic People's Republic of Korea", "조선", "북한"),
    "KR": ("Republic of Korea", "한국"),
    "RU": ("Russian Federation",),
    "GB": ("UK", "Great Britain", "England"),
    "US": ("USA", "America"),
    "AE": ("UAE",),
    "CD": ("DRC",),
    "MM": ("Burma",),
    "TR": ("Turkey",),
    "CZ": ("Czech Republic",),
    "SZ": ("Swaziland",),
}
"""Names by which people look for countries beside those of CLDR."""
NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""Codes of CLDR with two letters that are no country."""


@cache
def native_names(code: str) -> tuple[str, ...]:
    """Return a country's names in its official languages, without the English one."""
    found: dict[str, None] = {}
    for language in get_official_languages(code, de_facto=True):
        try:
            name = Locale.parse(language).territories.get(code)
        except (UnknownLocaleError, ValueError):
            continue
        if name and name != words.LOCALE.territories.get(code):
            found[str(name)] = None
    return tuple(found)


def native_name(code: str) -> str:
    """Return the first of a country's own names; empty where it is the English one."""
    return next(iter(native_names(code)), "")


@cache
def every_country() -> Mapping[str, tuple[str, ...]]:
    """Return every country by its code, with all its names: English, own, and others in use."""
    return {
        code: (words.country(code), str(name), *native_names(code), *_OTHER_NAMES.get(code, ()), code)
        for code, name in sorted(words.LOCALE.territories.items())
        if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
    }
