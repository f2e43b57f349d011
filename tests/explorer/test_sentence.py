"""The sentence: what it says follows the comparison, and it is English."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from banwatch.explorer.columns import columns_of
from banwatch.explorer.sentence import headline
from banwatch.model.ban import Comparison, Measured
from banwatch.model.ids import Asn
from tests.explorer.made_up import ANNOUNCED, NAMED, START, make_ban, make_row

NETWORKS: Mapping[Asn, str] = {Asn(131279): "Star JV", Asn(64513): "Kwangmyong"}


def say(rows: list[Comparison], *, lab: bool = False, **ban: object) -> str:
    made = make_ban(**ban)
    return headline(made, rows, columns_of(made, rows, NETWORKS), lab=lab)


def visitors(*measured: Measured, **changed: object) -> list[Comparison]:
    return [make_row(target, "visitor", m, **changed) for target, m in zip(NAMED, measured, strict=False)]


E, P, N, Z = Measured.ENFORCED, Measured.PARTLY, Measured.NOT_ENFORCED, Measured.NO_DATA


def test_all_is_enforced() -> None:
    said = say(visitors(E, E, E, E, E))
    assert said == (
        "Of the five sites that North Korea announced it would block from 1 April 2016 (among them "
        "youtube.com, facebook.com and twitter.com), foreign visitors (Koryolink) have been unable to open "
        "any since 31 March or 1 April 2016 because of dropped traffic, forged DNS answers, a block page and "
        "connection resets."
    )


def test_one_of_one() -> None:
    said = say(visitors(E))
    assert said.startswith("Of the one site that North Korea announced it would block from 1 April 2016, ")
    assert "have been unable to open it since" in said


def test_nothing_is_enforced() -> None:
    assert say(visitors(N, N, N)).endswith("foreign visitors (Koryolink) can open all.")
    assert say(visitors(N)).endswith("foreign visitors (Koryolink) can open it.")


def test_exceptions_are_named() -> None:
    one = say(visitors(E, E, E, E, N))
    assert "have been unable to open four since" in one
    assert one.endswith(", while yna.co.kr still opens.")
    two = say(visitors(E, E, E, N, N))
    assert two.endswith(", while voanews.com and yna.co.kr still open.")
    assert "(youtube.com, facebook.com and twitter.com)" in say(visitors(E, E, E))
    part = say(visitors(E, E, E, P, N))
    assert part.endswith(", while voanews.com is blocked in part and yna.co.kr still opens.")


def test_only_in_part() -> None:
    assert "can open two only at times since 31 March or 1 April 2016" in say(visitors(P, P, N))


def test_what_was_not_announced() -> None:
    one = say([*visitors(E, E), make_row("bbc.com", "visitor", E)])
    assert one.endswith(", while bbc.com is blocked without having been announced.")
    others = [make_row(f"site{n}.example", "visitor", E) for n in range(5)]
    assert say([*visitors(E, E), *others]).endswith(
        "all five other sites measured are blocked too, unannounced."
    )
    some = say([*visitors(E, E), *others, make_row("free.example", "visitor", N)])
    assert some.endswith("five of six other sites measured are blocked too, unannounced.")


def test_no_data_is_not_called_reachable() -> None:
    nothing = say(visitors(Z, Z))
    assert nothing.endswith("; no measurement shows yet whether that is so.")
    some = say([*visitors(E, E), *(make_row(t, "official", Z) for t in NAMED[:2])])
    assert some.endswith("; there is no data for officials (Star JV).")
    half = say(visitors(N, N, N, Z, Z))
    assert half.endswith("foreign visitors (Koryolink) can open all three measured.")


def test_nobody_saw_it_begin() -> None:
    said = say(visitors(E, E, since=(START, START), since_known=False))
    assert "cannot open any (nor could they when measuring began, on 27 March 2016) because of" in said


def test_it_has_ended() -> None:
    end = (ANNOUNCED + timedelta(days=3), ANNOUNCED + timedelta(days=3, hours=6))
    assert "could not open any from 31 March or 1 April 2016 until 4 April 2016" in say(
        visitors(E, E, until=end)
    )


def test_it_came_in_steps() -> None:
    rows = visitors(E, E)
    later = (ANNOUNCED + timedelta(days=2), ANNOUNCED + timedelta(days=2, hours=6))
    rows.append(make_row("twitter.com", "visitor", E, since=later))
    assert ", the first since 31 March or 1 April 2016 and the last since 3 April 2016, because of" in say(
        rows
    )


def test_a_lab_says_so_itself() -> None:
    assert ", in the lab’s model of the country, foreign visitors" in say(visitors(E), lab=True)
    assert "lab" not in say(visitors(E))


def test_those_it_binds_come_first() -> None:
    rows = [*(make_row(t, "official", N) for t in NAMED), *visitors(E, E, E, E, E)]
    said = say(rows)
    assert said.index("visitors") < said.index("officials")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.example", "evil\u202egro.example", "a\nb.example"]
)
def test_a_hostile_name_stays_visible(name: str) -> None:
    said = say([*visitors(E), make_row(name, "visitor", E)])
    assert "\u202e" not in said
    assert "\n" not in said
