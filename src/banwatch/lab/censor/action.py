"""What a censor can do with a packet: let it go on, and send others."""

from dataclasses import dataclass
from enum import IntEnum


class Direction(IntEnum):
    """Which way a packet travels."""

    OUTBOUND = 0
    """From the client to the world."""
    INBOUND = 1


@dataclass(frozen=True, slots=True)
class Forward:
    """Let a packet go on its way; it is dropped where no action forwards it."""

    packet: bytes
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Inject:
    """Send a forged packet: `OUTBOUND` to the server, `INBOUND` to the client."""

    direction: Direction
    packet: bytes
    delay_s: float = 0.0


Action = Forward | Inject
PASS: tuple[Action, ...] = (Forward(b""),)
"""The packet goes on as it is: one value for the case that nearly every packet is."""
DROP: tuple[Action, ...] = ()
