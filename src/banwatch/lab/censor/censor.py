"""The censor itself."""

from banwatch.lab.censor.action import PASS, Action, Direction
from banwatch.lab.regime import Regime, Tier


class Censor:
    """Decides about every packet of one tier under one regime."""

    def __init__(self, regime: Regime, tier: Tier, *, seed: int = 0) -> None:
        self._regime = regime

    def handle_packet(self, packet: bytes, direction: Direction, now_s: float) -> tuple[Action, ...]:
        """Decide about a packet."""
        return PASS

    def end_idle_flows(self, now_s: float) -> list[bytes]:
        """Forget flows that are over."""
        return []

    def end_all_flows(self, now_s: float) -> list[bytes]:
        """Forget every flow."""
        return []
