"""Whether a block shows only to those who ask the network's own resolver, while public ones reach the target.

Counted by voice and day, on networks where both kinds were asked, between the first and the last day on which
the network's own showed it: so neither who measures most decides, nor a public resolver that was asked before
or after, or on another network.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log

from banwatch.detect import thresholds as t
from banwatch.detect.votes.series import SeriesKey, interfered_in, key_of, told_in
from banwatch.detect.votes.voice_days import VoiceDay, voice_days
from banwatch.model.cell import Cell
from banwatch.model.resolver import ResolverKind


@dataclass(frozen=True, slots=True)
class ByResolver:
    """What voices saw on their days, by whose resolver they asked; a voice's day counts one, or in part."""

    own_showed: float
    own_told: int
    public_showed: float
    public_told: int
    voices: tuple[int, int]
    """Distinct voices: that saw it with the network's own resolver, and that asked public ones."""

    @property
    def only_own(self) -> bool:
        """Whether it shows only with the network's own resolver: surely more there, and hardly elsewhere."""
        if min(self.voices) < t.MINIMUM_VOICES:
            return False
        own, public = self.own_showed / self.own_told, self.public_showed / self.public_told
        pooled = (self.own_showed + self.public_showed) / (self.own_told + self.public_told)
        apart = _nats(self.own_showed, self.own_told, own) + _nats(
            self.public_showed, self.public_told, public
        )
        alike = _nats(self.own_showed, self.own_told, pooled) + _nats(
            self.public_showed, self.public_told, pooled
        )
        return public <= t.REACHED_SHARE * own and apart - alike >= t.RESOLVER_NATS


def by_resolver(cells: Iterable[Cell]) -> ByResolver | None:
    """Compare the two kinds of resolver in the cells of one target; None where none can be compared.

    Args:
        cells: of any networks and access tiers of a country, from the time of a block, in any order.
    """
    of_series: defaultdict[SeriesKey, list[Cell]] = defaultdict(list)
    for cell in cells:
        if told_in(cell):
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
        own_showed=sum(own.values()),
        own_told=len(own),
        public_showed=sum(public.values()),
        public_told=len(public),
        voices=(
            len({voice for (_, (voice, _)), share in own.items() if share}),
            len({voice for _, (voice, _) in public}),
        ),
    )


def _within(cells: Sequence[Cell], first: date, last: date) -> dict[VoiceDay, float]:
    return voice_days([cell for cell in cells if first <= cell.hour.date() <= last], 1.0, 0.0)


def _nats(showed: float, told: int, share: float) -> float:
    """Log likelihood of votes at a share."""
    accusing = showed * log(share) if showed else 0.0
    return accusing + ((told - showed) * log(1 - share) if told > showed else 0.0)
