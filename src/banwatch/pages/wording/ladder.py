"""Ladder of words for states: each rung with its word, sign and meaning, for everything that is printed.

A headline, a chart, a table, an incident, a measurement, a feed and a bulletin take their words from here and
use no other word for a state; `tests/pages/wording/test_ladder.py` holds them to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from banwatch.model.ban import Comparison, Measured
from banwatch.model.state import State

INTERFERENCE = "interference"
"""The word for the upper rungs together: blocked, likely blocked, tampered with, and blocked at times."""


class Rung(StrEnum):
    """State of a target for a reader: of one measurement, or of all those that a line or square counts."""

    BLOCKED = "blocked"
    LIKELY_BLOCKED = "likely_blocked"
    TAMPERED = "tampered"
    AT_TIMES = "at_times"
    """Some measurements of the same time show interference, and others reached the target."""
    SILENT = "silent"
    """Nothing at all answered, on any measurement."""
    IMPAIRED = "impaired"
    DOWN = "down"
    OK = "ok"
    INSUFFICIENT = "insufficient"
    NOT_MEASURED = "not_measured"

    @property
    def accuses(self) -> bool:
        """Whether it says that somebody interfered."""
        return self in _ACCUSING

    @property
    def css(self) -> str:
        """Class of the style sheet."""
        return self.value.replace("_", "-")


_ACCUSING = frozenset({Rung.BLOCKED, Rung.LIKELY_BLOCKED, Rung.TAMPERED, Rung.AT_TIMES})


@dataclass(frozen=True, slots=True)
class Words:
    """Words and signs of a rung."""

    word: str
    """As a heading, a legend or a cell has it."""
    symbol: str
    """Sign beside the word, told apart without colour."""
    meaning: str
    """Definition, in a sentence."""


LADDER: Mapping[Rung, Words] = {
    Rung.BLOCKED: Words(
        "Blocked",
        "✕",
        "Something that the censor left behind settles it alone: a known block page, an impossible address, "
        "a forged certificate.",
    ),
    Rung.LIKELY_BLOCKED: Words(
        "Likely blocked",
        "╱",
        "The target failed in the way of a block while it worked in the comparison from an uncensored "
        "network; no block page or the like came.",
    ),
    Rung.TAMPERED: Words(
        "Tampered with",
        "◭",
        "The target could be reached all the same, but something on the way answered in its place.",
    ),
    Rung.AT_TIMES: Words(
        "Blocked at times",
        "◐",
        "Some measurements show interference, and others of the same time reached the target.",
    ),
    Rung.SILENT: Words(
        "No answer at all",
        "▬",
        "Nothing answered any measurement, whatever was asked; the cause is not known.",
    ),
    Rung.IMPAIRED: Words(
        "Not working, cause unclear",
        "?",
        "The target did not work, and what was seen does not tell a block from a fault.",
    ),
    Rung.DOWN: Words(
        "Not working elsewhere either",
        "▽",
        "The target failed in the comparison from an uncensored network as well, or its certificate is "
        "invalid everywhere.",
    ),
    Rung.OK: Words("Reachable", "○", "The target came as it does elsewhere."),
    Rung.INSUFFICIENT: Words(
        "Not enough to say", "·", "There were measurements, and nothing in them that could tell."
    ),
    Rung.NOT_MEASURED: Words("Not measured", "–", "There is no measurement; that says nothing either way."),
}
"""Every rung from the strongest claim to none: the order of legends."""


def word(rung: Rung) -> str:
    """Name a rung, as a heading does."""
    return LADDER[rung].word


def in_a_sentence(rung: Rung) -> str:
    """Name a rung within a sentence: `likely blocked`."""
    said = LADDER[rung].word
    return said[0].lower() + said[1:]


def of_state(state: State) -> Rung:
    """Return the rung of one measurement."""
    return Rung(state.value)


def of_counts(*, blocked: int, likely_blocked: int, tampered: int) -> Rung:
    """Return the rung of measurements that all show interference: the one that most of them have.

    Of equal numbers the weaker claim is made.
    """
    if tampered >= blocked + likely_blocked:
        return Rung.TAMPERED
    return Rung.BLOCKED if blocked > likely_blocked else Rung.LIKELY_BLOCKED


def of_comparison(row: Comparison) -> Rung:
    """Return the rung of a target on a network, by a comparison with an announcement."""
    if row.measured is Measured.ENFORCED:
        likely = max(0, row.interfered - row.settled - row.tampered)
        return of_counts(blocked=row.settled, likely_blocked=likely, tampered=row.tampered)
    return {
        Measured.PARTLY: Rung.AT_TIMES,
        Measured.NOT_ENFORCED: Rung.OK,
        Measured.NO_DATA: Rung.NOT_MEASURED,
    }[row.measured]


def against_announcement(rung: Rung) -> str:
    """Name the rung of a target that was announced: what is seen coincides with an announcement, or not."""
    said = LADDER[rung].word
    if rung in (Rung.BLOCKED, Rung.LIKELY_BLOCKED):
        return f"{said}, as announced"
    return f"{said}, though announced as blocked" if rung in (Rung.OK, Rung.TAMPERED) else said
