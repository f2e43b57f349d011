"""Structs of the keys that our probe adds to OONI's format and that the judge reads (docs/probe.md).

The probe writes them and `path.py` reads them, so that a key has one spelling. Every field may be null,
because the reader takes lines of any sender; the probe writes each key, null or not.
"""

import msgspec


class TcpInfoRecord(msgspec.Struct, frozen=True, kw_only=True):
    """State of a TCP connection in the probe's kernel when the connection ended (`x_tcp_info`)."""

    address: str | None = None
    transaction_id: int | None = None
    rtt_ms: float | None = None
    min_rtt_ms: float | None = None
    retransmits: int | None = None
    bytes_acked: int | None = None
    bytes_received: int | None = None
    segments_ignored: int | None = None
    """Resets that the connection was made to outlive; null where it was not made to."""
    tags: list[str] | None = None


class Localization(msgspec.Struct, frozen=True, kw_only=True):
    """Distance in hops of an answer, a cut or a refusal (`x_localization`)."""

    step: str | None = None
    """A `LocatedStep`; values that are not listed there are passed over."""
    address: str | None = None
    """Address that the packets were sent to."""
    hops: int | None = None
    """Smallest IP time to live that was answered; null where that is not settled."""
    tried: list[tuple[int, bool]] | None = None
    """Every time to live that was tried, and whether it was answered."""
    tags: list[str] | None = None


class Throttling(msgspec.Struct, frozen=True, kw_only=True):
    """Transfers of the target and of its twin, and what comparing them says (`x_throttling`)."""

    twin: str | None = None
    """Source of the twin: `setting` (a page that a setting names) or `helper`; null where there was none."""
    transfers: msgspec.Raw = msgspec.Raw(b"null")
    """Every transfer, as `banwatch.probe.throttling.Transfer`: for people; no rule reads it."""
    slowdown: dict[str, float | None] | None = None
    """How many times faster the twin was, by direction, where both transfers were long enough."""
    kind: dict[str, str | None] | None = None
    """`policing` or `shaping`, by direction, where the target was slower and shows the marks of it."""
    control_goodput_bps: float | None = None
    """Speed at which the same page came to the helper: some sites are slow for everybody."""
    control_twin_goodput_bps: float | None = None
    """Speed at which the twin came to the helper, where it is a page: a helper may be slow for all pages."""
