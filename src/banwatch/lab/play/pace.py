"""Keep a probe's time-outs far above what this machine needs: a busy one must never look like a censor."""

from collections.abc import Iterable

import msgspec

from banwatch.probe.settings import Timeouts

MARGIN = 3.0
"""A time-out must be this many times longer than the slowest step that went well: below, chance decides."""
LAG_MARGIN = 4.2
"""And this many times longer than the probe itself stood still; the judge believes no time-out below four."""
MAX_SCALE = 8.0
MAX_ATTEMPTS = 3
"""How often a round is played, at most; the last attempt counts, whatever its pace."""
_EASE = 0.7
"""By how much the scale falls after a round that was quick: slowly, since load comes in bursts."""


class _Status(msgspec.Struct):
    failure: str | None = None


class _Connect(msgspec.Struct):
    status: _Status
    t0: float = 0.0
    t: float = 0.0


class _Handshake(msgspec.Struct):
    failure: str | None = None
    t0: float = 0.0
    t: float = 0.0


class _Keys(msgspec.Struct):
    tcp_connect: list[_Connect] | None = None
    tls_handshakes: list[_Handshake] | None = None


class _Line(msgspec.Struct):
    test_keys: _Keys


_decoder = msgspec.json.Decoder(_Line)


class Pace:
    """By how much time-outs are stretched; learns from every round.

    Args:
        timeouts: what they are on a machine that has nothing else to do.
        fixed: never stretch: on a path that loses packets, a slow step is the path's doing.
    """

    def __init__(self, timeouts: Timeouts, *, fixed: bool = False) -> None:
        self._timeouts = timeouts
        self._fixed = fixed
        self.scale = 1.0

    @property
    def timeouts(self) -> Timeouts:
        """The time-outs to use now."""
        if self.scale == 1.0:
            return self._timeouts
        base, scale = self._timeouts, self.scale
        return Timeouts(
            dns_s=round(base.dns_s * scale, 2),
            dns_late_s=base.dns_late_s,
            tcp_s=round(base.tcp_s * scale, 2),
            tls_s=round(base.tls_s * scale, 2),
            http_s=round(base.http_s * scale, 2),
            control_s=round(base.control_s * scale, 2),
        )

    def learn(self, lines: Iterable[bytes], lag_s: float) -> bool:
        """Take in a round; says whether it was slow enough that its time-outs may be the machine's own doing.

        Args:
            lines: the round's measurements.
            lag_s: the longest time for which the probe itself stood still.
        """
        if self._fixed:
            return True
        slowest_s = max(map(slowest_step_s, lines), default=0.0)
        shortest_s = min(self._timeouts.dns_s, self._timeouts.tcp_s, self._timeouts.tls_s)
        needed = max(slowest_s * MARGIN, lag_s * LAG_MARGIN) / shortest_s
        trusted = needed <= self.scale
        self.scale = min(MAX_SCALE, max(1.0, needed, self.scale * _EASE if trusted else self.scale))
        return trusted


def slowest_step_s(line: bytes) -> float:
    """Time of the slowest TCP connect or TLS handshake that went well, in seconds."""
    keys = _decoder.decode(line).test_keys
    connects = [step.t - step.t0 for step in keys.tcp_connect or () if step.status.failure is None]
    handshakes = [step.t - step.t0 for step in keys.tls_handshakes or () if step.failure is None]
    return max((*connects, *handshakes), default=0.0)
