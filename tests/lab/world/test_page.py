"""What sites answer, and to whom."""

from random import Random

import pytest

from banwatch.lab.world.file import load_world
from banwatch.lab.world.page import PageRequest, PageResponse, misdirected, respond
from banwatch.lab.world.world import Page, Site
from banwatch.model.ids import CountryCode

KP = CountryCode("KP")


def _get(
    site: Site, *, scheme: str = "https", host: str = "", path: str = "/", country: CountryCode | None = None
):
    request = PageRequest(method="GET", scheme=scheme, host=host or site.hostname, path=path)
    return respond(site, request, country=country, rng=Random(1))


def _header(response: PageResponse, name: str) -> str | None:
    return dict(response.headers).get(name)


def test_a_static_page_is_the_same_for_everybody_with_its_title():
    site = Site(hostname="a.example", title="A & B")
    assert _get(site) == _get(site, country=KP)
    assert b"<title>A &amp; B</title>" in _get(site).body
    assert _get(site).body != _get(site, path="/other").body
    assert abs(len(_get(site).body) - site.size_bytes) < 1000


def test_plain_http_and_aliases_redirect_where_the_site_says_so():
    site = Site(hostname="www.a.example", aliases=("a.example",), to_https=True)
    answer = _get(site, scheme="http", host="a.example", path="/x?y=1")
    assert (answer.status, _header(answer, "Location")) == (301, "https://www.a.example/x?y=1")
    assert _get(site).status == 200
    stays = Site(hostname="www.a.example", aliases=("a.example",), canonical=False)
    assert _get(stays, scheme="http", host="a.example").status == 200


def test_the_redirect_of_the_front_page():
    site = Site(hostname="a.example", redirect="https://b.example/main")
    assert _header(_get(site), "Location") == "https://b.example/main"
    assert _get(site, path="/main").status == 200


def test_a_refusal_is_for_the_country_that_is_refused():
    site = Site(hostname="a.example", refuses=(KP,))
    assert _get(site, country=KP).status == 403
    assert _get(site, country=CountryCode("US")).status == 200
    assert _get(site, country=None).status == 200


def test_a_changing_page_differs_in_words_and_length():
    site = Site(hostname="a.example", page=Page.CHANGING)
    request = PageRequest(method="GET", scheme="https", host="a.example", path="/")
    rng = Random(1)
    pages = [respond(site, request, country=None, rng=rng).body for _ in range(10)]
    assert len({len(page) for page in pages}) > 5


@pytest.mark.parametrize(
    ("page", "status"), [(Page.CAPTCHA, 403), (Page.ERROR, 503), (Page.HUGE, 200), (Page.SLOW, 200)]
)
def test_pages_by_behaviour(page: Page, status: int):
    answer = _get(Site(hostname="a.example", page=page))
    assert answer.status == status
    assert (len(answer.body) > 1 << 20) == (page is Page.HUGE)
    assert (answer.pieces > 1) == (page is Page.SLOW)


def test_http3_is_offered_by_sites_that_have_it():
    offer = _header(_get(Site(hostname="a.example", alpn=("h3", "h2"))), "Alt-Svc")
    assert offer is not None
    assert offer.startswith('h3=":443"')
    assert _header(_get(Site(hostname="a.example")), "Alt-Svc") is None


def test_a_host_that_is_not_there_is_misdirected_and_harmless():
    assert misdirected("<script>").status == 421
    assert b"<script>" not in misdirected("<script>").body


def test_every_site_of_the_default_world_answers_for_every_name():
    for site in load_world().sites:
        for name in site.names:
            assert _get(site, host=name).status in (200, 301, 403, 503)
