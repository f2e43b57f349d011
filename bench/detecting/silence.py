"""Silences in countries measured as the field measures: false shutdowns, and how many true ones are found."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from random import Random

from banwatch.detect import find_changes, fold, group
from banwatch.model.incident import Incident, IncidentKind
from banwatch.model.verdict import Verdict
from detecting.field import LAWS, Dark, Law, measure
from detecting.worlds import START

COUNTRIES = ("AA", "BB", "CC")
WEEKS = 12
LENGTHS = (24, 72)
"""Hours of the silences."""


def report(seeds: int, first: int = 0) -> dict[str, dict[str, str]]:
    """Return, by law, false shutdowns in quiet weeks and how many silences of 24 and 72 hours are found."""
    counts: Counter[str] = Counter()
    found = {law.name: _of_law(law, seeds, first, counts) for law in LAWS}
    found["all"] = {
        "false in 100 quiet country-weeks": f"{100 * counts['quiet'] / counts['weeks']:.2f}",
        **{
            f"{length} h of silence": f"{counts[f'found {length}']} of {counts['countries']} found, "
            f"{counts[f'false {length}']} false"
            for length in LENGTHS
        },
    }
    return found


def _of_law(law: Law, seeds: int, first: int, counts: Counter[str]) -> dict[str, str]:
    quiet = sum(len(_shutdowns(measure(law, Random(1000 + first + n)))) for n in range(seeds))
    weeks = seeds * len(COUNTRIES) * WEEKS
    counts.update({"quiet": quiet, "weeks": weeks, "countries": seeds * len(COUNTRIES)})
    result = {"false in quiet country-weeks": f"{quiet} in {weeks}"}
    for length in LENGTHS:
        found = false = 0
        for number in range(seeds):
            rng = Random(first + number)
            begins = {country: rng.uniform(500, 1500) for country in COUNTRIES}
            incidents = _shutdowns(measure(law, Random(2000 + first + number), dark=_dark(begins, length)))
            true = [one for one in incidents if _overlaps(one, begins[one.probe_cc], length)]
            found += len({one.probe_cc for one in true})
            false += len(incidents) - len(true)
        counts.update({f"found {length}": found, f"false {length}": false})
        result[f"{length} h of silence"] = f"{found} of {seeds * len(COUNTRIES)} found, {false} false"
    return result


def _dark(begins: dict[str, float], length: int) -> Dark:
    return lambda hour, country, _network: begins[country] <= hour < begins[country] + length


def _overlaps(incident: Incident, begins: float, length: int) -> bool:
    start, end = START + timedelta(hours=begins), START + timedelta(hours=begins + length)
    return incident.onset_earliest <= end and (incident.end_latest is None or incident.end_latest >= start)


def _shutdowns(rows: Iterable[Verdict]) -> list[Incident]:
    cells = fold(rows)
    found = group(find_changes(cells), cells)
    return [one for one in found if one.kind is IncidentKind.SHUTDOWN]
