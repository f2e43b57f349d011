"""Headline and story follow the comparison, in correct English."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import Asn
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.views.columns import columns_of
from banwatch.pages.wording.headline import headline, story
from tests.pages.made_up_country import ANNOUNCED, NAMED, OTHERS, START, make_ban, make_incident, make_row

NETWORKS: Mapping[Asn, str] = {Asn(131279): "Star JV", Asn(64513): "Kwangmyong"}
ALL = (*NAMED, "bet365.com", "pornhub.com")
E, P, N, Z = Measured.ENFORCED, Measured.PARTLY, Measured.NOT_ENFORCED, Measured.NO_DATA


def headline_text(rows: list[Comparison], *, lab: bool = False, **ban: object) -> str:
    made = make_ban(**ban)
    return headline(made, rows, columns_of(made, rows, NETWORKS), lab=lab)


def story_text(rows: list[Comparison], *incidents: Incident, **ban: object) -> str:
    made = make_ban(**ban)
    return "\n".join(story(made, rows, columns_of(made, rows, NETWORKS), incidents))


def at(tier: str, measured: str, **changed: object) -> list[Comparison]:
    """One letter a site, in the order of ALL: e(nforced), p(artly), n(ot), z (no data)."""
    found = {"e": E, "p": P, "n": N, "z": Z}
    return [make_row(target, tier, found[m], **changed) for target, m in zip(ALL, measured, strict=False)]


def test_eight_of_nine() -> None:
    said = headline_text(at("visitor", "eeeenee"))
    assert said == (
        "Six of the seven sites covered by North Korea’s announced ban have been likely blocked for foreign "
        "visitors, since 1 April 2016."
    )


@pytest.mark.parametrize("measured", ["eeeenee", "nnnnnnn", "ppppppp", "eepnzzz", "zzzzzzz"])
@pytest.mark.parametrize("lab", [False, True])
def test_it_is_short_enough_to_print(measured: str, lab: bool) -> None:
    assert len(headline_text(at("visitor", measured), lab=lab).split()) <= 40


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ("eeeeeee", "All seven sites covered by North Korea’s announced ban have been likely blocked for"),
        (
            "nnnnnnn",
            "All seven sites covered by North Korea’s announced ban are reachable for foreign visitors",
        ),
        ("enzzzzz", "One (of two measured) of the seven sites covered"),
        (
            "ppnnnnn",
            "Two of the seven sites covered by North Korea’s announced ban have been blocked at times",
        ),
    ],
)
def test_how_much_of_it(measured: str, said: str) -> None:
    assert said in headline_text(at("visitor", measured))


def test_a_ban_of_one_and_of_two() -> None:
    one: dict[str, Any] = {"targets": ("youtube.com",), "category_targets": ()}
    said = headline_text(at("visitor", "e"), **one)
    assert said.startswith(
        "The one site that North Korea announced it would block has been likely blocked for"
    )
    assert "it would block is reachable for" in headline_text(at("visitor", "n"), **one)
    two: dict[str, Any] = {"targets": ("youtube.com", "facebook.com"), "category_targets": ()}
    assert headline_text(at("visitor", "ee"), **two).startswith("Both sites that North Korea announced")
    assert "would block are reachable for" in headline_text(at("visitor", "nn"), **two)


def test_what_is_tampered_with_is_not_counted_as_blocked() -> None:
    tampered = make_row("pornhub.com", "visitor", E, tampered=36)
    assert headline_text([*at("visitor", "eeeeee"), tampered]) == (
        "Six of the seven sites covered by North Korea’s announced ban have been likely blocked for foreign "
        "visitors, since 1 April 2016; one is tampered with."
    )
    settled = [*at("visitor", "e", settled=36), *at("visitor", "neeeee")[1:]]
    assert "have been blocked or likely blocked for" in headline_text(settled)
    alone = make_row("youtube.com", "visitor", E, tampered=36)
    assert "has been tampered with for foreign" in headline_text([alone, *at("visitor", "nnnnnnn")[1:]])


def test_nothing_was_measured() -> None:
    assert headline_text(at("visitor", "zzzzzzz")) == (
        "North Korea announced a block of seven sites from 1 April 2016; we have no measurements from "
        "North Korea that could tell."
    )
    assert headline_text([]).endswith("; we have no measurements from North Korea that could tell.")


def test_a_lab_says_so_itself() -> None:
    assert headline_text(at("visitor", "eeeeeee"), lab=True).startswith(
        "In the lab’s model of North Korea, all seven sites"
    )
    assert "lab" not in headline_text(at("visitor", "eeeeeee"))


def test_nobody_saw_it_begin() -> None:
    said = headline_text(at("visitor", "eeeeeee", since=(START, START), since_known=False))
    assert "are likely blocked" in said
    assert said.endswith("visitors (it was so when measuring began, on 27 March 2016).")


def test_it_has_ended() -> None:
    end = (ANNOUNCED + timedelta(days=3), ANNOUNCED + timedelta(days=3, hours=6))
    said = headline_text(at("visitor", "eeeeeee", until=end))
    assert "were likely blocked" in said
    assert said.endswith(", from 1 April 2016 until 4 April 2016.")


def test_it_came_in_steps() -> None:
    later = (ANNOUNCED + timedelta(days=2), ANNOUNCED + timedelta(days=2, hours=6))
    rows = [*at("visitor", "ee"), make_row("twitter.com", "visitor", E, since=later)]
    assert headline_text(rows).endswith(", the first since 1 April 2016, the last since 3 April 2016.")


def test_a_ban_that_binds_everybody() -> None:
    rows = [*at("visitor", "eeeeeee"), *at("official", "nnnnnnn"), *at("citizen", "eeeeeee")]
    said = headline_text(rows, binds=())
    assert said.startswith(
        "All of the seven sites covered by North Korea’s announced ban are likely blocked on two "
    )
    assert "two of the three networks measured, since 1 April 2016" in said
    free = headline_text([*at("visitor", "nnnnnnn"), *at("official", "nnnnnnn")], binds=())
    assert free.endswith("announced ban are reachable on all networks measured.")


def test_the_story_names_means_and_exceptions() -> None:
    found = story_text(
        [*at("visitor", "eeepnee"), make_row("bbc.com", "visitor", E), make_row("cnn.com", "visitor", P)]
    )
    assert found == (
        "Five sites were announced by name from 1 April 2016, among them youtube.com, facebook.com and "
        "twitter.com, for a time not named. bet365.com and pornhub.com stand for the announced categories "
        "gambling and pornography. Foreign visitors (Koryolink) meet a block page, dropped traffic, forged "
        "DNS answers and connection resets. voanews.com is blocked at times. yna.co.kr was announced as "
        "blocked and is reachable. bbc.com is likely blocked without having been announced. cnn.com is "
        "blocked at times without having been announced."
    )


def test_the_story_counts_what_is_too_long_to_name() -> None:
    many = [make_row(f"site{n}.example", "visitor", E) for n in range(5)]
    assert "All five other sites measured are likely blocked without" in story_text(
        [*at("visitor", "e"), *many]
    )
    free = make_row("free.example", "visitor", N)
    assert "Five of the six other sites measured are likely blocked without" in story_text(
        [*at("visitor", "e"), *many, free]
    )


def test_the_story_of_everybody_else() -> None:
    others = [make_row(target, "official", N) for target in OTHERS]
    assert story_text([*at("visitor", "eeeeeee"), *at("official", "nnnnnnn"), *others]).endswith(
        "\nFor officials (Star JV), all 11 sites that could be measured are reachable."
    )
    some = story_text([*at("visitor", "eeeeeee"), *at("official", "ennnnzz")])
    assert (
        "For officials (Star JV), one of the five sites that could be measured is likely blocked, since 1"
        in some
    )
    kept = [make_row("naenara.com.kp", "citizen", N)]
    only = story_text([*at("citizen", "eeeeeee", since=(START, START), since_known=False), *kept])
    assert (
        "For citizens (Kwangmyong), all but naenara.com.kp of the eight sites that could be measured are"
        in only
    )
    assert "There is no data for officials" in story_text(at("official", "zzzzzzz"))


def test_the_story_tells_of_a_shutdown() -> None:
    shutdown = make_incident(kind=IncidentKind.SHUTDOWN, targets=())
    assert story_text(at("visitor", "eeeeeee"), shutdown).endswith(
        "None of 420 measurements by 36 separate probes or reports for foreign visitors got any answer since "
        "1 April 2016; the cause is not known."
    )


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.example", "evil\u202egro.example", "a\nb.example"]
)
def test_a_hostile_name_stays_visible(name: str) -> None:
    found = story_text([*at("visitor", "e"), make_row(name, "visitor", E)])
    assert "\u202e" not in found
    assert "a\nb" not in found


def test_a_ban_that_names_no_site() -> None:
    made: dict[str, Any] = {"targets": (), "categories": (), "category_targets": ()}
    assert headline_text([], **made) == (
        "North Korea announced a shutdown of the network from 1 April 2016; we have no measurements from "
        "North Korea that could tell."
    )
    ban = make_ban(**made)
    shown = headline(ban, [], (), [make_incident(kind=IncidentKind.SHUTDOWN, targets=())], lab=False)
    assert shown.endswith("; measurements got no answer at all one time, on 1 April 2016.")
