"""Chart of one vantage, as values: a square for each target and day, with what was announced and when."""

from dataclasses import dataclass
from datetime import date

from banwatch.pages.wording.ladder import Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Square of a chart: one target on one day."""

    target: str
    day: date
    rung: Rung
    note: str
    """The square in words, which is its accessible name."""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Band of a chart: targets that belong together, in order."""

    title: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Content of the chart of one vantage."""

    title: str
    subtitle: str
    alt: str
    """The message of the chart, for readers who do not see it."""
    days: tuple[date, ...]
    bands: tuple[Band, ...]
    squares: tuple[Square, ...]
    announced: date | None
    shutdown: tuple[date, ...]
    """Days on which nothing on the network got any answer."""
    footer: str = ""
    """Source, time covered and number of measurements, in the last line of a picture that travels alone."""
