"""Verdicts counted: target × network × tier × resolver kind × class of sources × hour."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, RuleId, TargetName
from banwatch.model.receipt import SourceClass
from banwatch.model.resolver import ResolverKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A histogram of one hour's verdicts on one target from one network, tier, kind of resolver and class.

    Shape: one row a target, network, tier, resolver kind, source class and hour; key and order are those
    six. Measurements from a clock that is proven wrong are in none. An hour without measurements has no
    row, and is an input all the same: the detector lays a dense grid.
    """

    target: TargetName
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    hour: datetime
    blocked: int
    likely_blocked: int
    tampered: int
    impaired: int
    down: int
    ok: int
    insufficient: int
    probes: int
    """Distinct probe ids; reports stand in where probes do not say who they are."""
    reports: int
    mechanisms: tuple[str, ...]
    """Every mechanism named in the hour, sorted."""
    silent: int
    """Measurements in which nothing at all answered, not even the network's own resolver."""
    first_at: datetime
    """Start of the hour's first measurement."""
    last_at: datetime
    witness: MeasurementUid
    """The strongest verdict's measurement: first by state, then by time, then by id."""
    accusers: tuple[str, ...] = ()
    """Voices that saw interference in this hour, sorted: one voice has one vote, however often it measured.

    A voice is the probe's pseudonym, else the report, else the measurement. A report that names several
    probes is one voice: its own.
    """
    absolvers: tuple[str, ...] = ()
    """Voices that saw the target work in this hour, sorted; who is in both lists has half a vote for each.

    A voice that saw one input of the target cut and another one load is in the first list alone.
    """
    resolver_kind: ResolverKind = ResolverKind.UNKNOWN
    rules: tuple[RuleId, ...] = ()
    """Rules that decided a verdict of the hour, sorted."""
    rule_counts: tuple[int, ...] = ()
    """Number of verdicts that each of them decided."""
    source_class: SourceClass = SourceClass.OONI
    """Class of the sources that the measurements came from (docs/trust.md)."""
    lag_s: int | None = None
    """Longest time from a measurement's start to its arrival, in whole seconds, of those whose id tells when
    it arrived; null where none does."""
    accused_inputs: tuple[str, ...] = ()
    """Inputs of the target that showed interference, sorted; at most `MOST_INPUTS`."""
    open_inputs: tuple[str, ...] = ()
    """Inputs that worked, likewise."""
    addresses: tuple[str, ...] = ()
    """Addresses of the measurements that showed interference, sorted; at most `MOST_INPUTS`."""


WEB_NETTESTS = ("", "web_connectivity")
"""Nettests that load web pages; a table of verdicts may name none."""
MOST_INPUTS = 8
"""Inputs, or addresses, that a cell names."""


def measured_input(test_name: str, text: str) -> str:
    """Return the input of a measurement, after the name of its nettest unless that measures web pages."""
    if test_name in WEB_NETTESTS:
        return text
    return f"{test_name} {text}" if text else test_name


def split_voices(
    accused: Collection[tuple[str, str]], opened: Collection[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the voices that accuse and those that absolve, both sorted.

    A voice that saw one input cut and another one load accuses: the target's other pages say nothing of that
    input. One that saw the same input both ways is in both lists.

    Args:
        accused: pairs of a voice and an input that showed interference.
        opened: pairs of a voice and an input that worked.
    """
    accusers = {voice for voice, _ in accused}
    both = set(accused) & set(opened)
    absolvers = {voice for voice, of in opened if voice not in accusers or (voice, of) in both}
    return tuple(sorted(accusers)), tuple(sorted(absolvers))


def named_inputs(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the inputs of pairs of a voice and an input, sorted, up to a limit."""
    return tuple(sorted({of for _, of in pairs if of})[:MOST_INPUTS])
