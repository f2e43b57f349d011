"""Report of a reader that something does not open: not measured, and never mixed into measurements."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from banwatch.model.ids import Asn, CountryCode, TargetName


class ReportState(StrEnum):
    """Decision of a moderator."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Statement of a reader. Nothing of it is verified, and nothing in it identifies the reader."""

    target: TargetName
    probe_cc: CountryCode
    """Empty where the reader did not say."""
    probe_asn: Asn
    """0 where the reader did not say."""
    seen_at: datetime
    """The hour in which it did not open (UTC); a finer time could tell who reported."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderReport:
    """A claim with what we did with it.

    Shape: one row a report; key `report_id`; in order of arrival.
    """

    report_id: str
    received_at: datetime
    """The hour in which it came (UTC)."""
    claim: Claim
    state: ReportState
