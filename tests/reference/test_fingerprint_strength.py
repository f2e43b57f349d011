"""How much a fingerprint proves, by its pattern, its place and its scope."""

import pytest

from banwatch.model.ids import CountryCode
from banwatch.model.reference import Fingerprint, Strength
from banwatch.reference.fingerprint_strength import grade


def fingerprint(pattern: str, **more: object) -> Fingerprint:
    values: dict[str, object] = {
        "name": "x",
        "scope": "nat",
        "location": "body",
        "pattern_type": "contains",
        "expected_countries": (CountryCode("KP"),),
        "confidence_no_fp": 5,
        "source": "",
    }
    return Fingerprint(pattern=pattern, **{**values, **more})  # type: ignore[arg-type]  # its own fields


@pytest.mark.parametrize(
    "pattern",
    [
        "It is not possible to open this page",
        "Ресурс заблокирован по решению органов государственной власти",
        "根据国家有关法律法规该网站已经被禁止访问",
        "http://warning.operator.kp/block.php?id=",
        '<iframe src="http://10.10.34.34" style="width: 100%">',
        "operator.kp/images/stop-page.png",
    ],
)
def test_settles_it_alone(pattern: str) -> None:
    assert grade(fingerprint(pattern)).strength is Strength.SOLE


@pytest.mark.parametrize(
    "pattern",
    [
        "Access Denied",
        "Доступ заблокирован",
        "禁止访问",
        "<h1>AVVISO</h1>",
        "http://eais.rkn.gov.ru/",
        "warning.or.kr",
        "10.10.34.34",
        "UA-2468561-43",
        "mdes.jpg",
    ],
)
def test_is_one_witness(pattern: str) -> None:
    assert grade(fingerprint(pattern)).strength is Strength.WITNESS


def test_a_nations_page_without_a_country_is_one_witness() -> None:
    pattern = "It is not possible to open this page in this country"
    assert grade(fingerprint(pattern, expected_countries=())).strength is Strength.WITNESS
    assert grade(fingerprint(pattern, expected_countries=(), scope="prod")).strength is Strength.SOLE


@pytest.mark.parametrize(
    ("pattern", "kind", "strength"),
    [
        ("<HTML></HTML>", "full", Strength.WITNESS),
        ("http://block.kp/", "prefix", Strength.SOLE),
        ("/blocked", "prefix", Strength.SOLE),
        ("?dpid=", "contains", Strength.WITNESS),
    ],
)
def test_short_headers_and_empty_pages_are_witnesses(pattern: str, kind: str, strength: Strength) -> None:
    location = "body" if kind == "full" else "header.location"
    assert grade(fingerprint(pattern, location=location, pattern_type=kind)).strength is strength


@pytest.mark.parametrize(
    ("name", "scope", "country"),
    [
        ("cp.e_unk_ru_blocked_4", "nat", "RU"),
        ("cp.c_isp_id_govt_trustpositive_2", "isp", "ID"),
        ("cp.e_unk_ip_url_block", "nat", "ZZ"),
        ("cp.e_unk_blk_11", "nat", "ZZ"),
        ("cp.d_corp_ca_stm", "inst", "CA"),
        ("cp.a_prod_us_filter", "prod", "ZZ"),
    ],
)
def test_a_name_may_tell_the_country(name: str, scope: str, country: str) -> None:
    graded = grade(fingerprint("some words", name=name, scope=scope, expected_countries=()))
    assert graded.named_country == country
