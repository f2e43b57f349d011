"""Votes by resolver: whether a block shows with the network's own resolver alone.

Votes are counted by voice and day, on networks where both kinds were asked, between the first and the last
day on which the network's own resolver showed the block. So the busiest voice does not decide, and neither
does a public resolver that was asked before or after, or on another network.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log

from banwatch.detect import thresholds as t
from banwatch.detect.votes.series import SeriesKey, informative_in, interfered_in, key_of
from banwatch.detect.votes.voice_days import VoiceDay, voice_days
from banwatch.model.cell import Cell
from banwatch.model.resolver import ResolverKind


@dataclass(frozen=True, slots=True)
class ByResolver:
    """Voices' days by kind of resolver; a day that accuses in part counts in part."""

    own_accusing: float
    own_days: int
    public_accusing: float
    public_days: int
    voices: tuple[int, int]
    """Distinct voices: those that saw the block with the network's own resolver, and those that asked public
    ones."""

    @property
    def only_own(self) -> bool:
        """Whether the block shows with the network's own resolver, and hardly with others."""
        if min(self.voices) < t.MINIMUM_VOICES:
            return False
        own, public = self.own_accusing / self.own_days, self.public_accusing / self.public_days
        pooled = (self.own_accusing + self.public_accusing) / (self.own_days + self.public_days)
        apart = _nats(self.own_accusing, self.own_days, own) + _nats(
            self.public_accusing, self.public_days, public
        )
        alike = _nats(self.own_accusing, self.own_days, pooled) + _nats(
            self.public_accusing, self.public_days, pooled
        )
        return public <= t.REACHED_SHARE * own and apart - alike >= t.RESOLVER_NATS


def by_resolver(cells: Iterable[Cell]) -> ByResolver | None:
    """Compare the two kinds of resolver in the cells of one target; None where that is impossible.

    Args:
        cells: cells of any networks and access tiers of a country, from the time of a block, in any order.
    """
    of_series: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
    for cell in cells:
        if informative_in(cell):
            of_series[key_of(cell)].append(cell)
    own: dict[tuple[SeriesKey, VoiceDay], float] = {}
    public: dict[tuple[SeriesKey, VoiceDay], float] = {}
    for key, mine in of_series.items():
        theirs = [cell for cell in mine if cell.resolver_kind is ResolverKind.NETWORK]
        showing = [cell.hour.date() for cell in theirs if interfered_in(cell)]
        if not showing:
            continue
        own_here = _within(theirs, min(showing), max(showing))
        others = [cell for cell in mine if cell.resolver_kind is ResolverKind.PUBLIC]
        public_here = _within(others, min(showing), max(showing))
        if public_here:
            own |= {(key, name): share for name, share in own_here.items()}
            public |= {(key, name): share for name, share in public_here.items()}
    if not public:
        return None
    return ByResolver(
        own_accusing=sum(own.values()),
        own_days=len(own),
        public_accusing=sum(public.values()),
        public_days=len(public),
        voices=(
            len({voice for (_, (voice, _)), share in own.items() if share}),
            len({voice for _, (voice, _) in public}),
        ),
    )


def _within(cells: Sequence[Cell], first: date, last: date) -> dict[VoiceDay, float]:
    return voice_days([cell for cell in cells if first <= cell.hour.date() <= last], 1.0, 0.0)


def _nats(accusing: float, days: int, share: float) -> float:
    """Return the log likelihood of votes at a share."""
    nats = accusing * log(share) if accusing else 0.0
    return nats + ((days - accusing) * log(1 - share) if days > accusing else 0.0)
