"""An announced restriction, and how it compares with what was measured."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName

UNSPECIFIED = "unspecified"
"""Value for an end that an announcement does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Link of the chain from the notice to the reader."""

    publisher: str
    title: str
    published: date | None
    precision: str
    """`day`, `month` or `year`: how exactly the date is known."""
    url: str
    cites: str
    """Publisher of the link before it; empty for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundNetwork:
    """A network and the access tier on it that a ban binds; tier empty is everybody there."""

    asn: Asn
    name: str
    access_tier: str


class Meant(StrEnum):
    """Way in which an announcement means a target."""

    NAMED = "named"
    """The announcement, or a report of it, names the target."""
    CATEGORY = "category"
    """The announcement names a category, and the target stands for it."""
    READING = "reading"
    """That the announcement means the target is the register's own reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How an announcement means one target, from when, and who says so."""

    target: TargetName
    meant: Meant
    begins: date | None
    """Day from which it was announced for this target."""
    publishers: tuple[str, ...]
    """Publishers that name it; empty where only the register says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """Restriction that an authority announced."""

    ban_id: str
    title: str
    country: CountryCode
    authority: str
    targets: tuple[TargetName, ...]
    categories: tuple[str, ...]
    """Citizen Lab category codes: `GMB`, `PORN`, ..."""
    category_targets: tuple[tuple[str, TargetName], ...]
    """Measured targets that stand for a category: (code, target)."""
    binds: tuple[BoundNetwork, ...]
    begins: date | None
    ends: str
    """A date in ISO form, or `unspecified`."""
    penalty: str
    sources: tuple[Source, ...]
    notes: str
    shutdown: bool = False
    """The Internet as a whole was announced to be cut, not only some targets."""
    recurs: str = ""
    """Recurrence in words; empty for what was announced once."""
    regions: tuple[str, ...] = ()
    """Parts of the country that it is about, as its text names them; empty is all of it."""
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Facts about the ban, each with the publishers that say so."""
    meanings: tuple[Meaning, ...] = ()
    """How each target is meant, in the order of targets, then of those that stand for categories."""


class Relation(StrEnum):
    """Relation of the time and place of the measured interference to the announcement."""

    BEFORE_ANNOUNCED = "before_announced"
    """Interference began before the day from which it was announced."""
    BEYOND_ANNOUNCED = "beyond_announced"
    """A target, network or tier that the announcement does not reach."""
    OUTLASTED = "outlasted"
    """Interference went on after the day that was announced as its end."""
    IN_PART = "in_part"
    """The announcement is about part of the country; measurements do not tell where in it they were made."""
    LIFTED = "lifted"
    """Interference was seen to end."""


class Measured(StrEnum):
    """State of one target on one network, by the measurements."""

    ENFORCED = "enforced"
    PARTLY = "partly"
    NOT_ENFORCED = "not_enforced"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Target on a network and tier, announced against measured."""

    ban_id: str
    target: TargetName
    category: str
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    announced: bool
    measured: Measured
    since: tuple[datetime, datetime] | None
    until: tuple[datetime, datetime] | None
    """Null while it lasts, or where nothing was enforced."""
    since_known: bool
    """False where it was so from the first measurement on."""
    mechanisms: tuple[str, ...]
    measurements: int
    """Measurements that could tell: the denominator."""
    interfered: int
    """Measurements that showed interference: the count."""
    witness: MeasurementUid | None
    relation: tuple[str, ...] = ()
    """Of `Relation`, sorted; empty where the measurements fit the announcement, or show nothing."""
    during: int = 0
    """Measurements, of `measurements`, from the first that showed interference on, until its end."""
    interfered_during: int = 0
    """Measurements, of `during`, that showed interference."""
    settled: int = 0
    """Measurements, of `interfered`, that an artefact settles: their state is `blocked`."""
    tampered: int = 0
    """Measurements, of `interfered`, that reached the target through a hijacked path: `tampered`."""
