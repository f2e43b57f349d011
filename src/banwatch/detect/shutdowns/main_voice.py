"""Cells of networks beside those without their most constant voice, which may be the only one left."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from banwatch.detect import thresholds as t
from banwatch.detect.shutdowns.edges import Network
from banwatch.detect.votes.voices import without
from banwatch.model.cell import Cell


def also_without_main_voice(
    by_network: Mapping[Network, Sequence[Cell]],
) -> Iterator[tuple[Network, Sequence[Cell], int]]:
    """Yield each network's cells, and where it has several voices, the cells without its most constant one.

    A single voice that goes on while all others are silent does not show that the network is up. That holds
    for a day or more: for some hours the others may be away together.

    Yields:
        The network, its cells, and the shortest silence in them, in hours, that is to be examined.
    """
    for network in sorted(by_network):
        mine = by_network[network]
        yield network, mine, 0
        voices = Counter(voice for cell in mine for voice in {*cell.accusers, *cell.absolvers})
        if len(voices) > t.USUAL_VOICES_A_DAY:
            most = max(voices.values())
            constant = min(voice for voice, times in voices.items() if times == most)
            if most > t.CONSTANT_SHARE * len(mine):
                yield network, tuple(without(mine, constant)), t.LONE_VOICE_HOURS
