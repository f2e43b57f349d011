"""Actions of a censor on a packet: forward it, and inject others."""

from dataclasses import dataclass
from enum import IntEnum


class Direction(IntEnum):
    """Direction in which a packet travels."""

    OUTBOUND = 0
    """From the client to the world."""
    INBOUND = 1
    """From the world to the client."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Forwarding of a packet, which is dropped where no action forwards it."""

    packet: bytes
    """The packet as rewritten; empty where it goes on unchanged."""
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Inject:
    """Injection of a forged packet: `OUTBOUND` to the server, `INBOUND` to the client."""

    direction: Direction
    packet: bytes
    delay_s: float = 0.0


Action = Forward | Inject
PASS: tuple[Action, ...] = (Forward(b""),)
"""Forwarding of the packet unchanged, as a single value because nearly every packet gets it."""
DROP: tuple[Action, ...] = ()
