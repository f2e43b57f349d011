"""Voices are earned: what anonymous sources alone say is unconfirmed, and ends nothing that others saw."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from banwatch.collector.credentials.voice_book import VOICES_PER_PLACE
from banwatch.collector.receipts.issue import VOICE_KEY_S, Receipts
from banwatch.collector.receipts.source_keys import admit_source, read_source_keys
from banwatch.detect import fold
from banwatch.detect import thresholds as t
from banwatch.formats.json_views import IncidentJson
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.incident import Incident
from banwatch.model.receipt import SourceClass
from banwatch.model.verdict import Verdict
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.deciding.moderation import moderate
from banwatch.pipeline.trust.conclusions import UNCONFIRMED, conclude
from banwatch.pipeline.trust.decisions import Action
from banwatch.store import Store, queries
from tests.adversary.verdicts import START, story, verdict

NOW = START + timedelta(days=21)
ANONYMOUS = SourceClass.ANONYMOUS


def forged(*, probes: int, accuses: bool, days: int = 20, step_h: int = 6) -> Iterator[Verdict]:
    """Let an attacker invent probes, that all say the same for some days."""
    for hour in range(0, days * 24, step_h):
        at = START + timedelta(hours=hour, minutes=11)
        for number in range(probes):
            yield verdict(
                f"invented{number}",
                at,
                accuses=accuses and at >= START + timedelta(days=10),
                source_class=ANONYMOUS,
            )


def incidents_of(rows: Sequence[Verdict]) -> tuple[Incident, ...]:
    return conclude(fold(rows)).incidents


def test_invented_probes_make_no_confirmed_incident() -> None:
    """Two invented ids made an incident, 240 of them one with confidence 0.999."""
    quiet = list(story(blocked_from=99))
    found = incidents_of([*quiet, *forged(probes=24, accuses=True)])
    assert all(one.unconfirmed for one in found)
    assert all(one.confidence <= t.UNCONFIRMED_CONFIDENCE for one in found)
    alone = incidents_of(list(forged(probes=24, accuses=True)))
    assert [one.unconfirmed for one in alone] == [True]
    assert alone[0].sentence.startswith(UNCONFIRMED)
    assert IncidentJson.from_incident(alone[0]).unconfirmed


def test_the_same_by_witnesses_is_confirmed() -> None:
    """The innocent twin: the very same measurements from OONI's archive make an incident."""
    rows = [replace(row, source_class=SourceClass.OONI) for row in forged(probes=24, accuses=True)]
    assert [one.unconfirmed for one in incidents_of(rows)] == [False]


def test_invented_probes_neither_end_nor_withdraw_an_incident() -> None:
    """2,160 absolving submissions withdrew an incident."""
    honest = list(story())
    before = incidents_of(honest)
    assert len(before) == 1
    assert incidents_of([*honest, *forged(probes=27, accuses=False)]) == before


def test_copied_probe_id_is_another_voice() -> None:
    """An attacker who copies the id of an honest probe takes nothing of its weight."""
    honest = [verdict("probe0", START, accuses=True)]
    copied = [replace(verdict("probe0", START), source_class=ANONYMOUS, measurement_uid="forged")]
    witnessed, beside = sorted(fold([*honest, *copied]), key=lambda cell: cell.source_class != "ooni")
    assert (witnessed.accusers, witnessed.absolvers) == (("probe0",), ())
    assert (beside.accusers, beside.absolvers) == ((), ("anonymous:probe0",))


def test_many_ids_from_one_place_are_one_voice() -> None:
    rows = [verdict(f"invented{n}", START, source_class=ANONYMOUS, receipt_voice="a1") for n in range(240)]
    (cell,) = fold(rows)
    assert cell.absolvers == ("anonymous:a1",)


def test_moderator_confirms_and_nobody_anonymous_withdraws_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", list(forged(probes=6, accuses=True)))
        assert detect(store, [], now=NOW).unconfirmed == 1
        (found,) = queries.incidents(store)
        with pytest.raises(BanwatchError, match="reason"):
            moderate(store, found.incident_id, Action.CONFIRM, " ", NOW)
        moderate(store, found.incident_id, Action.CONFIRM, "the ministry said so", NOW)
        detect(store, [], now=NOW)
        (confirmed,) = queries.incidents(store)
        assert (confirmed.incident_id, confirmed.unconfirmed) == (found.incident_id, False)
        assert not confirmed.sentence.startswith(UNCONFIRMED)
        with store.transaction():
            store.append(
                "verdict",
                [
                    replace(r, measurement_uid=f"x{r.measurement_uid}")
                    for r in forged(probes=30, accuses=False)
                ],
            )
        detect(store, [], now=NOW)
        assert [(i.incident_id, i.unconfirmed) for i in queries.incidents(store)] == [
            (found.incident_id, False)
        ]
        moderate(store, found.incident_id, Action.REJECT, "it was a drill", NOW)
        detect(store, [], now=NOW)
        assert queries.incidents(store) == []


def test_moderator_cannot_reject_what_others_witnessed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.duckdb") as store:
        with store.transaction():
            store.append("verdict", list(story()))
        detect(store, [], now=NOW)
        (found,) = queries.incidents(store)
        with pytest.raises(BanwatchError, match="witnessed"):
            moderate(store, found.incident_id, Action.REJECT, "inconvenient", NOW)
        with pytest.raises(BanwatchError, match="no incident"):
            moderate(store, "KE-1999-0001", Action.CONFIRM, "why", NOW)


def issue(receipts: Receipts, address: str, token: str = "") -> tuple[str, str]:
    receipt = receipts.issue(
        address=address, token=token, country=CountryCode("KE"), asn=Asn(64500), received_at=NOW
    )
    return receipt.source_class, receipt.voice


def test_voice_is_a_network_and_its_key_is_thrown_away() -> None:
    now = 0.0
    receipts = Receipts(clock=lambda: now)
    one = issue(receipts, "192.0.2.1")
    assert one == issue(receipts, "192.0.2.77") == issue(receipts, "::ffff:192.0.2.5")
    assert one != issue(receipts, "198.51.100.1")
    assert issue(receipts, "2001:db8:1::1") == issue(receipts, "2001:db8:1:ffff::1")
    assert issue(receipts, "") == ("anonymous", "")
    assert "192" not in one[1]
    now = VOICE_KEY_S + 1.0
    assert issue(receipts, "192.0.2.1") != one


def test_token_gives_the_class(tmp_path: Path) -> None:
    path = tmp_path / "s.sources.jsonl"
    token = admit_source(path, SourceClass.PARTNER, "a partner")
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    receipts = Receipts(read_source_keys(path))
    assert issue(receipts, "192.0.2.1", token) == ("partner", "")
    assert issue(receipts, "192.0.2.1", token + "x")[0] == "anonymous"
    with pytest.raises(BanwatchError, match="own or partner"):
        read_source_keys(_with_class(path, "ooni"))


def _with_class(path: Path, name: str) -> Path:
    path.write_text(path.read_text().replace("partner", name, 1))
    return path


def earned(*, voices: int, accuses: bool, blocked_from: int = 10, days: int = 20) -> Iterator[Verdict]:
    """Let voices that took a week to grow all say the same."""
    for hour in range(0, days * 24, 3):
        at = START + timedelta(hours=hour, minutes=17)
        for number in range(voices):
            yield verdict(
                f"claimed{number}",
                at + timedelta(seconds=number),
                accuses=accuses and at >= START + timedelta(days=blocked_from),
                source_class=SourceClass.VERIFIED,
                receipt_voice=f"v{number}",
            )


def test_voices_of_one_place_confirm_nothing_those_of_two_do() -> None:
    of_one_place = incidents_of(list(earned(voices=VOICES_PER_PLACE, accuses=True)))
    assert [one.unconfirmed for one in of_one_place] == [True]
    of_two = incidents_of(list(earned(voices=VOICES_PER_PLACE + 1, accuses=True)))
    assert [one.unconfirmed for one in of_two] == [False]
    assert VOICES_PER_PLACE < t.VERIFIED_VOICES


def test_earned_voices_neither_end_nor_withdraw_what_vouched_sources_saw() -> None:
    honest = list(story())
    before = incidents_of(honest)
    assert incidents_of([*honest, *earned(voices=40, accuses=False)]) == before


def test_earned_voices_do_not_outvote_vouched_sources() -> None:
    """Forty of them against six: nothing of what they say is confirmed."""
    quiet = list(story(blocked_from=99))
    found = incidents_of([*quiet, *earned(voices=40, accuses=True)])
    assert all(one.unconfirmed for one in found)
    once_wrong = [verdict("probe0", START + timedelta(days=12, minutes=9), accuses=True)]
    found = incidents_of([*quiet, *once_wrong, *earned(voices=40, accuses=True)])
    assert all(one.unconfirmed for one in found)


def test_anonymous_voices_neither_end_nor_withdraw_what_earned_ones_saw() -> None:
    honest = list(earned(voices=6, accuses=True))
    before = incidents_of(honest)
    assert [one.unconfirmed for one in before] == [False]
    assert incidents_of([*honest, *forged(probes=40, accuses=False)]) == before


def test_vouched_and_earned_voices_together_confirm() -> None:
    """The twin: one probe of the operator's among earned voices is enough of a witness."""
    own = [replace(row, source_class=SourceClass.OWN) for row in story(probes=1)]
    found = incidents_of([*own, *earned(voices=2, accuses=True)])
    assert [one.unconfirmed for one in found] == [False]
