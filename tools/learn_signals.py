"""Learn how much an outside signal says of a shutdown, from a published list of outages with their causes.

    .venv/bin/python tools/learn_signals.py LIST.csv [COUNTRIES]

LIST is in the form of the SIGCOMM 2023 data set (github.com/InetIntel/internet_outages): `Begin time`,
`Cause`, `Scope ...` and `IODA BGP/AP/IBR visible by human`. COUNTRIES is the number of countries that were
watched, 160 unless given: those of which the list has an outage. Printed are, by kind of signal, the share of
nationwide outages in which it is seen, ordered and of other causes, and how often a country has one by
chance: the numbers of `banwatch.detect.incidents.thresholds`.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from banwatch.bans.importing import GOVERNMENT_CAUSES, parse_date

KINDS = {"bgp": "BGP", "active probing": "AP", "telescope": "IBR"}
"""Kind of signal -> its word in the names of the columns."""
UNKNOWN = ("", "unknown")
SEEN = {"true": True, "ture": True, "false": False}
"""Cells as they are spelled in the list."""


def learn(rows: Sequence[Mapping[str, str]], countries: int = 160) -> dict[str, dict[str, str]]:
    """Return, by kind of signal, shares of outages in which it was seen; and outages in a country's week."""
    scope = next(name for name in rows[0] if name.startswith("Scope"))
    nationwide = [row for row in rows if (row[scope] or "").strip() == "Country"]
    ordered = [row for row in nationwide if _is_ordered(row)]
    others = [row for row in nationwide if not _is_ordered(row) and _cause(row) not in UNKNOWN]
    result = {
        kind: {"ordered": _share(ordered, word), "other known cause": _share(others, word)}
        for kind, word in KINDS.items()
    }
    days = sorted(day for row in nationwide if (day := parse_date(row["Begin time"])))
    weeks = max((days[-1] - days[0]).days / 7, 1)
    per_week = len(days) / weeks / countries
    result["nationwide outages"] = {
        "ordered": str(len(ordered)),
        "other known cause": str(len(others)),
        "in a country's week": f"{per_week:.4f} ({len(days)} in {weeks:.0f} weeks of {countries} countries)",
    }
    return result


def _cause(row: Mapping[str, str]) -> str:
    return (row["Cause"] or "").strip().lower()


def _is_ordered(row: Mapping[str, str]) -> bool:
    return any(word in _cause(row) for word in GOVERNMENT_CAUSES)


def _share(rows: Sequence[Mapping[str, str]], word: str) -> str:
    column = next(name for name in rows[0] if name.split()[1:2] == [word])
    known = [seen for row in rows if (seen := SEEN.get((row[column] or "").strip().lower())) is not None]
    return f"{sum(known)} of {len(known)}"


def main() -> None:
    """Print what is learned from a list."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    text = Path(sys.argv[1]).read_text("utf-8-sig")
    countries = int(sys.argv[2]) if len(sys.argv) == 3 else 160
    for kind, counts in learn(list(csv.DictReader(text.splitlines())), countries).items():
        print(f"{kind}: " + "; ".join(f"{name} {value}" for name, value in counts.items()))


if __name__ == "__main__":
    main()
