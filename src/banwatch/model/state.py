"""States of a verdict, and the layers in which trouble shows."""

from enum import StrEnum


class State(StrEnum):
    """State of a target in one measurement, for readers."""

    BLOCKED = "blocked"
    """Determinate, with an artefact that settles it alone: a fingerprint, a bogon, a forged certificate."""
    LIKELY_BLOCKED = "likely_blocked"
    """Determinate, no artefact."""
    TAMPERED = "tampered"
    """Reachable, but through a hijacked path."""
    IMPAIRED = "impaired"
    """Not working, cause unclear."""
    DOWN = "down"
    """Not working for the control either."""
    OK = "ok"
    INSUFFICIENT = "insufficient"
    """Not enough to say. Never shown as `ok`, and never as a weak `blocked`."""

    @property
    def accuses(self) -> bool:
        """Whether the state says that somebody interfered."""
        return self in _ACCUSING


_ACCUSING = frozenset({State.BLOCKED, State.LIKELY_BLOCKED, State.TAMPERED})


STRENGTH = tuple(State)
"""States from the strongest witness to the weakest: the order in which they are declared."""


class Layer(StrEnum):
    """Layer in which trouble shows, from the bottom up."""

    NETWORK = "network"
    DNS = "dns"
    IP = "ip"
    TCP = "tcp"
    TLS = "tls"
    QUIC = "quic"
    HTTP = "http"
