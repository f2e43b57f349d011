"""Residual blocking: for a while after a rule fired, it affects later flows between the same endpoints."""

from dataclasses import dataclass

from banwatch.lab.censor.flow import Flow
from banwatch.lab.regime.effect import Residual, ResidualKey
from banwatch.lab.regime.rule import Rule

_LIMIT = 50_000


@dataclass(slots=True)
class ResidualEffect:
    """Effect on later flows, with its end."""

    rule: Rule
    residual: Residual
    until_s: float


def _key(residual_key: ResidualKey, flow: Flow) -> tuple[object, ...]:
    key: tuple[object, ...] = (flow.protocol, flow.client, flow.far)
    if residual_key is not ResidualKey.TWO:
        key = (*key, flow.service_port)
    if residual_key is ResidualKey.FOUR:
        key = (*key, flow.asker_port)
    return key


class Residuals:
    """Residual effects in force, by the endpoints of the flows that they affect."""

    def __init__(self) -> None:
        self._in_force: dict[tuple[object, ...], ResidualEffect] = {}

    def remember(self, rule: Rule, residual: Residual, flow: Flow, now_s: float) -> None:
        """Start, or start again, the residual effect of a rule that fired."""
        if len(self._in_force) >= _LIMIT:
            self._in_force = {key: p for key, p in self._in_force.items() if p.until_s > now_s}
        self._in_force[_key(residual.key, flow)] = ResidualEffect(rule, residual, now_s + residual.seconds)

    def find(self, flow: Flow, now_s: float) -> ResidualEffect | None:
        """Return the residual effect on a flow, if there is one; a refreshed one starts again."""
        if not self._in_force:
            return None
        for residual_key in ResidualKey:
            key = _key(residual_key, flow)
            found = self._in_force.get(key)
            if found is None:
                continue
            if not now_s < found.until_s <= now_s + found.residual.seconds:  # over, or the clock was set back
                del self._in_force[key]
                continue
            if found.residual.refresh:
                found.until_s = now_s + found.residual.seconds
            return found
        return None
