"""Pace of a probe: time-outs far above what this machine needs, so that load never looks like a censor."""

from collections.abc import Iterable

import msgspec

from banwatch.probe.settings import Timeouts

MARGIN = 3.0
"""Least ratio of a time-out to the slowest successful step: below it, chance decides."""
LAG_MARGIN = 4.2
"""Least ratio of a time-out to the probe's longest standstill; the judge trusts no time-out below 4."""
MAX_SCALE = 8.0
MAX_ATTEMPTS = 3
"""Most attempts at a round; the last one counts, whatever its pace."""
_EASE = 0.7
"""Factor of the scale after a quick round: it falls slowly, since load comes in bursts."""


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
    """Scale of a probe's time-outs, which follows the machine's speed round by round.

    Args:
        timeouts: time-outs on an idle machine.
        fixed: whether the scale stays at 1: on a path that loses packets, slow steps are due to the path.
    """

    def __init__(self, timeouts: Timeouts, *, fixed: bool = False) -> None:
        self._timeouts = timeouts
        self._fixed = fixed
        self.scale = 1.0

    @property
    def timeouts(self) -> Timeouts:
        """Return the time-outs to use now."""
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
        """Learn from a round; returns whether its time-outs can be trusted not to be due to load.

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
    """Return the time of the slowest successful TCP connect or TLS handshake, in seconds."""
    keys = _decoder.decode(line).test_keys
    connects = [step.t - step.t0 for step in keys.tcp_connect or () if step.status.failure is None]
    handshakes = [step.t - step.t0 for step in keys.tls_handshakes or () if step.failure is None]
    return max((*connects, *handshakes), default=0.0)
