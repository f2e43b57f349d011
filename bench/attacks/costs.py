"""Costs of forging and erasing: addresses and days with which an attacker reaches what is published.

The attacker sends N submissions from M places over D days through the real receipts and voice book (one
pseudonym registered for each of its shares), into a country where honest probes of OONI's measure.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from msgspec.structs import replace

from banwatch.collector.credentials.voice_book import VOICES_PER_PLACE, VoiceBook
from banwatch.collector.receipts.issue import Receipts
from banwatch.detect import fold
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.receipt import Receipt, SourceClass
from banwatch.model.verdict import Verdict
from banwatch.pipeline.trust.conclusions import conclude
from tests.adversary.verdicts import START, story, verdict

_FIRST_JULIAN = 2_461_400
_COUNTRY, _ASN = CountryCode("KP"), Asn(131279)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """Means of an attacker."""

    places: int
    """Networks (/24) with an address of its own, in the attacked network."""
    days: int
    """Days over which it sends, the last of which are those of the attack."""
    per_hour: int = 1
    """Submissions of one pseudonym in three hours."""
    credentials: bool = True
    """Whether it registers pseudonyms; without them it is anonymous."""
    agrees: bool = True
    """Whether its addresses are in the network that it names."""


class _Receipts(Receipts):
    """Receipts with the origin given, so that no table of addresses is needed."""

    agrees = True

    def _agrees(self, address: str, country: CountryCode, asn: Asn) -> bool | None:
        return self.agrees


def sent(attacker: Attacker, *, accuses: bool, until: datetime) -> tuple[list[Verdict], int]:
    """Send the attacker's submissions; return their verdicts, and how many there were."""
    day = _FIRST_JULIAN
    book = VoiceBook(None, lambda: day)
    receipts = _Receipts(voices=book)
    receipts.agrees = attacker.agrees
    rows: list[Verdict] = []
    first = until - timedelta(days=attacker.days)
    for hour in range(0, attacker.days * 24, 3):
        at = first + timedelta(hours=hour, minutes=23)
        day = _FIRST_JULIAN + hour // 24
        for place in range(attacker.places):
            for number in range(VOICES_PER_PLACE):
                for again in range(attacker.per_hour):
                    receipt = receipts.issue(
                        address=f"203.{place // 256}.{place % 256}.{number + 1}",
                        token="",
                        country=_COUNTRY,
                        asn=_ASN,
                        received_at=at,
                        nym=f"nym{place}-{number}" if attacker.credentials else "",
                    )
                    rows.append(
                        _verdict(receipt, at + timedelta(seconds=again), place, number, again, accuses)
                    )
    return rows, len(rows)


def _verdict(receipt: Receipt, at: datetime, place: int, number: int, again: int, accuses: bool) -> Verdict:
    row = verdict(
        f"invented{place}-{number}-{again}",
        at,
        accuses=accuses,
        source_class=receipt.source_class,
        receipt_voice=receipt.voice,
        origin_agrees=receipt.origin_agrees,
    )
    return row


def reached(honest: Sequence[Verdict], forged: Sequence[Verdict], *, erase: bool) -> str:
    """Tell what an attack reached: what of an incident is left."""
    before = conclude(fold(honest)).incidents
    after = conclude(fold([*honest, *forged])).incidents
    if erase:
        kept = {one.incident_id: one for one in after if not one.unconfirmed}
        if any(one.incident_id not in kept for one in before):
            return "withdrawn"
        if any((kept[one.incident_id].end_latest is None) != (one.end_latest is None) for one in before):
            return "ended"
        return "kept" if all(kept[one.incident_id] == one for one in before) else "kept, other figures"
    new = [one for one in after if one.incident_id not in {b.incident_id for b in before}]
    if any(not one.unconfirmed for one in new):
        return "published"
    return "unconfirmed" if new else "nothing"


ATTACKERS = (
    Attacker(places=1, days=20, per_hour=20, credentials=False),
    Attacker(places=80, days=20, credentials=False),
    Attacker(places=1, days=6),
    Attacker(places=40, days=6),
    Attacker(places=1, days=20),
    Attacker(places=2, days=20),
    Attacker(places=40, days=20),
    Attacker(places=40, days=20, agrees=False),
)


def rows() -> Iterator[dict[str, object]]:
    """Try every attacker against a country without probes, and with probes that absolve or accuse."""
    until = START + timedelta(days=20)
    countries = {
        "forge_where_nobody_measures": ([], True, False),
        "forge_against_vouched_probes": (list(story(blocked_from=99)), True, False),
        "erase_what_vouched_probes_saw": (list(story()), False, True),
        "erase_what_earned_voices_saw": (list(_earned()), False, True),
    }
    for name, (honest, accuses, erase) in countries.items():
        for attacker in ATTACKERS:
            forged, submissions = sent(attacker, accuses=accuses, until=until)
            yield {
                "cost": name,
                "places": attacker.places,
                "days": attacker.days,
                "submissions": submissions,
                "credentials": attacker.credentials,
                "from_the_network": attacker.agrees,
                "earned_voices": len(
                    {r.receipt_voice for r in forged if r.source_class is SourceClass.VERIFIED}
                ),
                "reached": reached(honest, forged, erase=erase),
            }


def _earned() -> Iterator[Verdict]:
    """Let six honest probes with pseudonyms see what `story` tells."""
    for row in story():
        yield replace(row, source_class=SourceClass.VERIFIED, receipt_voice=f"honest-{row.probe_id}")
