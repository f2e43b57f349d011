"""Days of the made-up country, counted as the store counts them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from banwatch.detect.votes.cells import fold
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.rollup import DailyCell
from banwatch.model.state import State
from banwatch.model.verdict import Verdict


def count_days(rows: Sequence[Verdict]) -> list[DailyCell]:
    """Count verdicts into daily cells, from the cells of their hours; voices and witnesses are left out."""
    days: defaultdict[tuple[str, str, int, str, datetime], Counter[str]] = defaultdict(Counter)
    for cell in fold(rows):
        day = cell.hour.replace(hour=0)
        key = (cell.target, cell.probe_cc, cell.probe_asn, cell.access_tier, day)
        days[key].update({name: getattr(cell, name) for name in (*(s.value for s in State), "silent")})
    return [
        DailyCell(
            target=TargetName(target),
            probe_cc=CountryCode(cc),
            probe_asn=Asn(asn),
            access_tier=tier,
            day=day,
            **{name: counts[name] for name in (*(s.value for s in State), "silent")},
            anonymous=0,
            voices=0,
            accusers=0,
            absolvers=0,
            mechanisms=(),
            mechanism_counts=(),
            witness=MeasurementUid(""),
            first_at=day,
            last_at=day,
        )
        for (target, cc, asn, tier, day), counts in sorted(days.items())
    ]
