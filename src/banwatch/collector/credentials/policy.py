"""Policy of submissions: the age and count that a credential has to prove, by country and network.

Wire: `<database>.credential-policy.json`, as in OONI's manifest: a list of `{"match": {"probe_cc": "*",
"probe_asn": "*"}, "policy": {"age": [LOW, HIGH], "min_measurement_count": N}}`. The first match wins, and the
last one matches everything. Ages are Julian days of issue, `HIGH` itself is out.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError

EVERYTHING = "*"
FIRST_DAY, NEWEST_DAY = 2_461_110, 2_826_140
"""Julian days of 10 March 2026 and of the year 3025, as in OONI's manifest: every credential was issued in
between."""
_CC = re.compile(r"[A-Z]{2}")
_ASN = re.compile(r"AS[1-9][0-9]{0,9}")
_MAX_ENTRIES = 1_000


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Country and network of an entry; `*` is any."""

    probe_cc: str = EVERYTHING
    probe_asn: str = EVERYTHING


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """Age and count that a credential has to prove."""

    age: tuple[int, int]
    min_measurement_count: int = 0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Entry of a policy."""

    match: Match
    policy: Demand


def default_policy() -> tuple[Entry, ...]:
    """Demand of everybody only that the credential was issued here.

    Growth is counted in the voice book: a probe that has to prove a count before its first submission never
    gets one.
    """
    demand = Demand(age=(FIRST_DAY, NEWEST_DAY))
    return (Entry(match=Match(), policy=demand),)


def read_policy(path: Path) -> tuple[Entry, ...]:
    """Read a policy; the default where there is no file.

    Raises:
        BanwatchError: the file cannot be read, or is no policy.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return default_policy()
    except OSError as error:
        raise BanwatchError(f"{path} cannot be read: {error.strerror}", "Check its rights") from error
    try:
        entries = msgspec.json.decode(data, type=tuple[Entry, ...])
    except msgspec.DecodeError as error:
        raise BanwatchError(
            f"{path} is no policy: {error}", "Write it as docs/trust.md shows, or delete it"
        ) from error
    wrong = _defect(entries)
    if wrong:
        raise BanwatchError(f"{path}: {wrong}", "Write it as docs/trust.md shows, or delete it")
    return entries


def _defect(entries: Sequence[Entry]) -> str:
    if not 1 <= len(entries) <= _MAX_ENTRIES:
        return f"expected 1 to {_MAX_ENTRIES} entries, found {len(entries)}"
    if entries[-1].match != Match():
        return "the last entry has to match every country and network (* and *)"
    for entry in entries:
        cc, asn = entry.match.probe_cc, entry.match.probe_asn
        if cc != EVERYTHING and not _CC.fullmatch(cc):
            return f"expected a country of two capital letters, found {cc[:16]!r}"
        if asn != EVERYTHING and not _ASN.fullmatch(asn):
            return f"expected a network such as AS64500, found {asn[:16]!r}"
        low, high = entry.policy.age
        if not 0 <= low < high < 1 << 32:
            return f"expected an age [LOW, HIGH) in Julian days, found [{low}, {high}]"
        if not 0 <= entry.policy.min_measurement_count < 1 << 32:
            return f"expected a count, found {entry.policy.min_measurement_count}"
    return ""


def demand_for(entries: Sequence[Entry], cc: str, asn: str) -> Demand:
    """Return what a credential has to prove in a network; the first match wins."""
    return next(
        entry.policy
        for entry in entries
        if entry.match.probe_cc in (EVERYTHING, cc) and entry.match.probe_asn in (EVERYTHING, asn)
    )
