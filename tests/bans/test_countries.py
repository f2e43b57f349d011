"""Countries by the names that the UN, the World Bank and the press give them."""

import pytest
from babel import Locale

from banwatch.bans.countries import country_code

NAMES = {
    "Venezuela (Bolivarian Republic of)": "VE",
    "Venezuela, RB": "VE",
    "Iran (Islamic Republic of)": "IR",
    "Iran, Islamic Rep.": "IR",
    "United Republic of Tanzania": "TZ",
    "Tanzania, United Republic of": "TZ",
    "Viet Nam": "VN",
    "Syrian Arab Republic": "SY",
    "Myanmar/Burma": "MM",
    "Myanmar (Burma)": "MM",
    "Burma": "MM",
    "Congo, Dem. Rep.": "CD",
    "Democratic Republic of the Congo": "CD",
    "DR Congo": "CD",
    "Congo, Rep.": "CG",
    "Republic of the Congo": "CG",
    "Korea, Dem. People's Rep.": "KP",
    "Republic of Korea": "KR",
    "Egypt, Arab Rep.": "EG",
    "Yemen, Rep.": "YE",
    "Gambia, The": "GM",
    "The Gambia": "GM",
    "Hong Kong SAR, China": "HK",
    "China, Hong Kong SAR": "HK",
    "Lao PDR": "LA",
    "Lao People's Democratic Republic": "LA",
    "Kyrgyz Republic": "KG",
    "Moldova, Republic of": "MD",
    "Bolivia (Plurinational State of)": "BO",
    "Micronesia, Fed. Sts.": "FM",
    "West Bank and Gaza": "PS",
    "State of Palestine": "PS",
    "Palestine/Occupied Palestinian Territory": "PS",
    "Türkiye": "TR",
    "Turkiye": "TR",
    "Côte d’Ivoire": "CI",
    "Cote d'Ivoire": "CI",
    "St. Kitts and Nevis": "KN",
    "Saint Kitts & Nevis": "KN",
    "United Kingdom of Great Britain and Northern Ireland": "GB",
    "UAE": "AE",
    "Swaziland": "SZ",
    "Brunei Darussalam": "BN",
    "North Macedonia": "MK",
    "Islamic Republic of Iran": "IR",
    "People's Republic of China": "CN",
    "South Sudan": "SS",
    "Equatorial Guinea": "GQ",
    " chad ": "TD",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_publisher(name: str) -> None:
    assert country_code(name) == NAMES[name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Korea",
        "Chad/Sudan",
        "Nowhere",
        "Guinea, Equatorial of nothing",
        "Republic",
        "/",
        "European Union",
    ],
)
def test_what_names_no_one_country(name: str) -> None:
    assert country_code(name) is None


def test_every_name_of_the_cldr_is_known() -> None:
    territories = Locale("en").territories
    for code in ("IR", "CN", "MM", "CD", "CG", "CI", "TL", "HK", "PS", "XK", "ST", "BA"):
        assert country_code(territories[code]) == code
