"""Countries by their English names: those of the CLDR, of the UN, of the World Bank and of the press."""

import re
import unicodedata
from functools import cache

from babel import Locale

_OTHER_NAMES = {
    "BQ": "bonaire sint eustatius and saba",
    "BN": "brunei darussalam",
    "BO": "bolivia plurinational state of",
    "CD": "congo drc|congo dr|dr congo|drc|democratic republic of congo|democratic republic of drc|"
    "congo dem rep|congo democratic republic of|zaire|congo kinshasa|democratic republic congo",
    "CF": "car|central african rep",
    "CG": "republic of congo|congo republic of|congo rep|congo republic|congo brazzaville|congo",
    "CI": "ivory coast|cote d ivoire",
    "CN": "people s republic of china|prc",
    "CV": "cabo verde|cape verde",
    "CZ": "czech republic",
    "FK": "falkland islands malvinas",
    "FM": "micronesia federated states of|federated states of micronesia|micronesia fed sts",
    "GB": "united kingdom of great britain and northern ireland|uk|great britain|britain|england",
    "HK": "hong kong|hong kong sar|china hong kong sar|hong kong china",
    "KG": "kyrgyz republic|kyrgyz rep",
    "KP": "democratic people s republic of korea|korea democratic people s republic of|dprk|"
    "korea dem people s rep|korea north|dpr korea",
    "KR": "republic of korea|korea republic of|korea rep|korea south|rok",
    "LA": "lao people s democratic republic|lao pdr|lao",
    "MK": "macedonia|fyr macedonia|macedonia fyr|former yugoslav republic of macedonia",
    "MM": "myanmar|burma",
    "MO": "macao|macau|macao sar|china macao sar|macao china",
    "PS": "palestine|state of palestine|palestine state of|west bank and gaza|gaza|gaza strip|"
    "occupied palestinian territory|occupied palestinian territories|palestinian territory|"
    "palestinian territory occupied|palestinian authority",
    "RU": "russian federation|russian fed",
    "SK": "slovak republic",
    "ST": "sao tome and principe",
    "SY": "syrian arab republic|syrian arab rep",
    "SZ": "swaziland|kingdom of eswatini",
    "TL": "east timor|timor leste",
    "TR": "turkey|turkiye",
    "TW": "taiwan province of china|taiwan china|chinese taipei",
    "US": "united states of america|usa|us|u s|u s a",
    "AE": "uae",
    "VA": "holy see|holy see vatican city state|vatican",
    "VC": "saint vincent and grenadines",
    "VE": "venezuela rb",
    "VN": "viet nam",
    "YE": "yemen rep",
}
"""Names, as `_plain` spells them, by country; separated by `|`."""
_TITLE_WORDS = """
republic rep rb of the islamic arab bolivarian plurinational democratic people s socialist federal federative
united kingdom state commonwealth union sultanate hashemite and cooperative
"""
_TITLES = frozenset(_TITLE_WORDS.split())
"""Words that a longer, official name adds to a shorter one."""


@cache
def country_code(name: str) -> str | None:
    """Return the ISO 3166-1 code of a country by its English name; None where there is none.

    Names that are joined by a slash (`Myanmar/Burma`), or of which one stands in brackets after the other
    (`Kyrgyz Republic (Kyrgyzstan)`), must mean the same country.
    """
    whole = _code_of(name)
    if whole:
        return whole
    parts = {_code_of(part) for part in re.split(r"[/()]", name) if part.strip()}
    return parts.pop() if len(parts) == 1 else None


@cache
def countries_by_code() -> dict[str, str]:
    """Return the English name of every country by its ISO 3166-1 code."""
    codes = set(_names().values())
    return {
        str(code): str(english) for code, english in sorted(Locale("en").territories.items()) if code in codes
    }


def country_names() -> list[str]:
    """Return every name that is known, as `country_code` compares them: lower case, no accents."""
    return list(_names())


@cache
def _code_of(name: str) -> str | None:
    names = _names()
    plain = _plain(name)
    if plain in names:
        return names[plain]
    shorter = " ".join(word for word in plain.split() if word not in _TITLES)
    if shorter and shorter != plain and shorter not in ("congo", "korea", "china"):
        return names.get(shorter)
    return None


@cache
def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, english in Locale("en").territories.items():
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ"):
            found[_plain(english)] = str(code)
    for code, others in _OTHER_NAMES.items():
        found |= dict.fromkeys(others.split("|"), code)
    return found


def _plain(name: str) -> str:
    """Spell a name without case, accents, articles and punctuation."""
    text = unicodedata.normalize("NFKD", name.casefold()).replace("&", " and ")
    text = "".join(c for c in text if not unicodedata.combining(c))
    words = re.sub(r"[^a-z0-9]+", " ", text).split()
    return " ".join("saint" if word == "st" else word for word in words if word != "the")
