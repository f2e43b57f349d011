"""Rollups: verdicts counted by day and by month, for pages over stores of any size."""

from dataclasses import dataclass
from datetime import datetime

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.receipt import SourceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCounts:
    """Counts of verdicts by state, with the time that they cover."""

    blocked: int
    likely_blocked: int
    tampered: int
    impaired: int
    down: int
    ok: int
    insufficient: int
    silent: int
    """Verdicts, among all of the above, on measurements in which nothing at all answered."""
    anonymous: int
    """Verdicts, among all of the above, on measurements from anonymous sources."""
    first_at: datetime
    """Start of the first measurement."""
    last_at: datetime

    @property
    def interfered(self) -> int:
        """Number of verdicts that accuse."""
        return self.blocked + self.likely_blocked + self.tampered

    @property
    def total(self) -> int:
        """Number of verdicts."""
        return self.interfered + self.impaired + self.down + self.ok + self.insufficient


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCell(StateCounts):
    """Histogram of one day's verdicts on one target from one network and tier.

    Shape: one row a target, network, tier and day; key and order are those four. Measurements from a clock
    that is proven wrong are in none. A day without measurements has no row.
    """

    target: TargetName
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    day: datetime
    """Start of the day, in UTC."""
    voices: int
    """Distinct voices (`model.cell.Cell.accusers` says what a voice is)."""
    accusers: int
    """Distinct voices that saw interference."""
    absolvers: int
    """Distinct voices that saw the target work."""
    mechanisms: tuple[str, ...]
    """Every mechanism named on the day, sorted."""
    mechanism_counts: tuple[int, ...]
    """Number of verdicts that name each of them."""
    witness: MeasurementUid
    """The strongest verdict's measurement: first by state, then by time, then by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryDay(StateCounts):
    """Counts of one country and day, added up from daily cells.

    Shape: one row a country and day; key and order are those two.
    """

    probe_cc: CountryCode
    day: datetime
    networks: int
    targets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkMonth(StateCounts):
    """Counts of one network and month, added up from daily cells.

    Shape: one row a country, network and month; key and order are those three.
    """

    probe_cc: CountryCode
    probe_asn: Asn
    month: datetime
    """Start of the month, in UTC."""
    targets: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMonth(StateCounts):
    """Counts of one target in one country and month, added up from daily cells.

    Shape: one row a target, country and month; key and order are those three.
    """

    target: TargetName
    probe_cc: CountryCode
    month: datetime
    networks: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProbes:
    """First and last name of the probes that one report claims: a report with two names is one voice.

    Shape: one row a class and report that names probes; key and order are those two.
    """

    source_class: SourceClass
    report_id: str
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryTotal(StateCounts):
    """Counts of one country over all days or some."""

    probe_cc: CountryCode
    days: int
    """Days with measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTotal(StateCounts):
    """Counts of one network over all months or some."""

    probe_cc: CountryCode
    probe_asn: Asn
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTotal(StateCounts):
    """Counts of one target in one country over all months or some."""

    target: TargetName
    probe_cc: CountryCode
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageWitness:
    """Measurement of a network and tier, to read the network's name from."""

    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    measurement_uid: MeasurementUid
