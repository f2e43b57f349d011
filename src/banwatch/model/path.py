"""Words for the path between probe and server: who sits on it, how far away, and what they do to bytes."""

from enum import StrEnum


class PathPosition(StrEnum):
    """Position of a censor that resets connections (column `reset_place`)."""

    ON_PATH = "on-path"
    """Beside the path: what the probe sends arrives."""
    IN_PATH = "in-path"
    """In the path: what the probe sends does not arrive."""


class LocatedStep(StrEnum):
    """Step whose answer, cut or refusal was located by its distance in hops."""

    DNS = "dns"
    """Answers to lookups of the target's name."""
    RESOLVER = "resolver"
    """Answers of the same resolver to lookups of an innocent name."""
    TLS = "tls"
    """Cuts of handshakes."""
    TCP = "tcp"
    """Answers of the server to connects."""
    SYN = "syn"
    """Refusals, or loss, of connects."""


class ThrottleKind(StrEnum):
    """Way in which bytes of a transfer are held back."""

    POLICING = "policing"
    """Bytes above a rate are dropped."""
    SHAPING = "shaping"
    """Bytes above a rate wait in a queue."""


VPN = "vpn"
"""Value of the annotation `network_type` of a probe that measures through a tunnel."""
