"""Budget of outbound connections: for a request, for a target, and for a client.

A helper is a place from which strangers make connections. A small request must not become many of them, and
many clients must not bring all of theirs to one target.
"""

from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from banwatch.helper.guard import target_of
from banwatch.net.failure import NetworkFailure

USED_UP = "unknown_failure: the helper has connected there often enough"
_MAX_COUNTED = 1 << 16


@dataclass(slots=True)
class RequestBudget:
    """Connections that the answer to one request may still make."""

    client: str
    left: int


_of_request: ContextVar[RequestBudget | None] = ContextVar("outbound budget of the request", default=None)


class OutboundBudget:
    """Counts of connections in this minute, in memory.

    Args:
        clock: seconds.
        per_request: connections that one request may cause.
        per_target: connections to one address, or /64, in a minute, whoever asks; 0 is any number.
        per_client: connections that one client may cause in a minute; 0 is any number.
    """

    def __init__(
        self, clock: Callable[[], float], *, per_request: int, per_target: int, per_client: int
    ) -> None:
        self._clock = clock
        self._per_request = per_request
        self._limits = {"target": per_target, "client": per_client}
        self._minute = -1
        self._made: Counter[tuple[str, str]] = Counter()

    def begin(self, client: str) -> None:
        """Begin the budget of a request, for this task and all that it starts."""
        _of_request.set(RequestBudget(client, self._per_request))

    def take(self, ip: str) -> None:
        """Count one connection before it is made.

        Raises:
            NetworkFailure: the budget of the request, the target or the client is used up.
        """
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._made.clear()
        request = _of_request.get()
        keys = [("target", target_of(ip))]
        if request is not None:
            if request.left <= 0:
                raise NetworkFailure(USED_UP)
            request.left -= 1
            keys.append(("client", request.client))
        if any(0 < self._limits[kind] <= self._made[kind, name] for kind, name in keys):
            raise NetworkFailure(USED_UP)
        if len(self._made) >= _MAX_COUNTED and any(key not in self._made for key in keys):
            raise NetworkFailure(USED_UP)  # a full table is not forgotten: that would renew every budget
        self._made.update(keys)
