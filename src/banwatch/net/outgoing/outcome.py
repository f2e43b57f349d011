"""Outcome of sending one message."""

from dataclasses import dataclass
from enum import StrEnum


class Arrival(StrEnum):
    """Knowledge of whether a message arrived."""

    SENT = "sent"
    """The other side said that it has it."""
    FAILED = "failed"
    """It certainly was not taken: nothing was sent, or the other side refused it."""
    UNCERTAIN = "uncertain"
    """It was sent, and no answer came: a second copy might be one too many."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Arrival of a message, with the reason where it did not arrive."""

    arrival: Arrival
    detail: str = ""
    """Kind of error, without addresses or tokens."""
