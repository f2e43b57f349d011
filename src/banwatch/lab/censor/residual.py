"""Residual blocking: for a while after a rule fired, later flows between the same places meet it too."""

from dataclasses import dataclass

from banwatch.lab.censor.flow import Flow
from banwatch.lab.regime.effect import Residual, ResidualKey
from banwatch.lab.regime.rule import Rule

_LIMIT = 50_000


@dataclass(slots=True)
class Punishment:
    """What later flows meet, and until when."""

    rule: Rule
    residual: Residual
    until_s: float


def _key(kind: ResidualKey, flow: Flow) -> tuple[object, ...]:
    key: tuple[object, ...] = (flow.protocol, flow.client, flow.far)
    if kind is not ResidualKey.TWO:
        key = (*key, flow.service_port)
    if kind is ResidualKey.FOUR:
        key = (*key, flow.asker_port)
    return key


class Residuals:
    """Who is punished now."""

    def __init__(self) -> None:
        self._punished: dict[tuple[object, ...], Punishment] = {}

    def remember(self, rule: Rule, residual: Residual, flow: Flow, now_s: float) -> None:
        """Begin, or begin anew, what follows from a rule that fired."""
        if len(self._punished) >= _LIMIT:
            self._punished = {key: p for key, p in self._punished.items() if p.until_s > now_s}
        self._punished[_key(residual.key, flow)] = Punishment(rule, residual, now_s + residual.seconds)

    def find(self, flow: Flow, now_s: float) -> Punishment | None:
        """What a flow is punished with, if it is; a residual that is refreshed begins anew."""
        if not self._punished:
            return None
        for kind in ResidualKey:
            key = _key(kind, flow)
            found = self._punished.get(key)
            if found is None:
                continue
            if not now_s < found.until_s <= now_s + found.residual.seconds:  # over, or the clock was set back
                del self._punished[key]
                continue
            if found.residual.refresh:
                found.until_s = now_s + found.residual.seconds
            return found
        return None
