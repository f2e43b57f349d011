"""Truth of one flow: what the censor did to it, as a value and as a line of JSON."""

from datetime import datetime
from typing import Any

import msgspec

from banwatch.model.errors import BanwatchError


class FlowTruth(msgspec.Struct, frozen=True, kw_only=True):
    """Truth of one flow. The censor writes it; scores and plays read it.

    Wire: one JSON line, fields in this order; times are lab time in UTC to the millisecond, with a `Z`.
    """

    tier: str
    started_at: datetime
    """Time of the flow's first packet."""
    ended_at: datetime
    """Time of its last packet."""
    proto: str
    src: str
    sport: int
    dst: str
    dport: int
    names: tuple[tuple[str, str], ...] = ()
    """Names that the censor read in the flow: the field (`qname`, `sni`, `host`) and the name."""
    rule: str | None = None
    """Id of the rule that acted; null where the censor did nothing."""
    mechanism: str | None = None
    dropped: int = 0
    injected: int = 0
    delayed: int = 0
    real_answer_passed: bool = False
    """Whether any payload that the far end sent reached the client; where a rule acted, after it did."""

    @property
    def acted_on(self) -> bool:
        """Whether the censor did anything to the flow."""
        return self.mechanism is not None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FlowTruth)


def render_flow_truth(flow: FlowTruth) -> bytes:
    """Write a flow's truth as one line of JSON, without its line feed."""
    fields: dict[str, Any] = msgspec.structs.asdict(flow)
    fields["started_at"] = _render_time(flow.started_at)
    fields["ended_at"] = _render_time(flow.ended_at)
    return _encoder.encode(fields)


def parse_flow_truth(line: bytes) -> FlowTruth:
    """Read a line of truth.

    Raises:
        BanwatchError: the line holds something else, or is cut short.
    """
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BanwatchError(
            f"this is no line of truth: {line[:200]!r}: {error}", "Was the lab killed?"
        ) from error


def _render_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
