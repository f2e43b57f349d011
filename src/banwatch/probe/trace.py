"""Clock, id, tags and events that the records of one connection or lookup have in common."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from banwatch.formats.ooni import wire
from banwatch.model.failure import Failure
from banwatch.net.seam import IcmpError, NetworkEvent
from banwatch.probe.written_records import IcmpErrorRecord

_MAX_EVENTS = 400
"""Of one measurement; a body of half a megabyte takes about a hundred reads."""
_MAX_ICMP_ERRORS = 100
_BLURRED_BITS = {4: 24, 6: 48}
"""Bits kept of a router's address: enough for its network, not enough for a street."""


def _blur(address: str | None) -> str | None:
    """Return the prefix of an address; None for one of a private network, which stays private."""
    if address is None:
        return None
    ip = ipaddress.ip_address(address)
    if not ip.is_global:
        return None
    return str(ipaddress.ip_network((ip, _BLURRED_BITS[ip.version]), strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Clock, id and tags for the records of one transaction."""

    clock: Callable[[], float]
    zero_s: float
    """The measurement's beginning, on that clock."""
    transaction_id: int = 0
    tags: tuple[str, ...] = ()
    events: list[wire.NetworkEvent] = field(default_factory=list)
    """Shared by all traces of a measurement."""
    icmp_errors: list[IcmpErrorRecord] = field(default_factory=list)
    """Shared likewise."""

    def elapsed_s(self) -> float:
        """Return seconds since the measurement began, to the microsecond."""
        return round(self.clock() - self.zero_s, 6)

    def since_zero_s(self, at_s: float) -> float:
        """Place a moment of the clock on the measurement's own scale."""
        return round(at_s - self.zero_s, 6)

    def transaction(self, transaction_id: int, *tags: str) -> "Trace":
        """Begin another transaction of the same measurement."""
        return replace(self, transaction_id=transaction_id, tags=tags)

    def note(
        self,
        operation: str,
        address: str,
        t0_s: float,
        failure: Failure | None = None,
        *,
        proto: str = "tcp",
    ) -> None:
        """Note that a phase ended now, well or not; `t0_s` is from `elapsed_s`."""
        self._add(operation, address, t0_s, self.elapsed_s(), None, failure, proto)

    def first_read_s(self, t0_s: float) -> float:
        """Return when the first bytes came after a request was sent: a server's thinking is no slowness."""
        for event in self.events:
            if (
                event.transaction_id == self.transaction_id
                and event.operation in ("read", "read_from")
                and event.t is not None
                and event.t >= t0_s
            ):
                return event.t
        return t0_s

    def note_arrivals(self, address: str, t0_s: float, arrivals: Sequence[tuple[float, int]]) -> None:
        """Note how a body came: (moment on the clock, bytes until then).

        Each event spans the time in which its bytes came; the first begins at `t0_s`, as `elapsed_s` gave it.
        """
        begun = t0_s
        for at_s, size_bytes in arrivals:
            t = self.since_zero_s(at_s)
            self._add("bytes_received_cumulative", address, begun, t, size_bytes, None)
            begun = t

    def sink(self, event: NetworkEvent) -> None:
        """Note an event of a traced stream."""
        self._add(
            event.operation,
            event.address,
            self.since_zero_s(event.t0_s),
            self.since_zero_s(event.t_s),
            event.num_bytes or None,
            event.failure,
            event.proto,
        )

    def note_icmp_errors(self, address: str, errors: Sequence[IcmpError]) -> None:
        """Note the ICMP errors about packets to an address."""
        for error in errors[: _MAX_ICMP_ERRORS - len(self.icmp_errors)]:
            self.icmp_errors.append(
                IcmpErrorRecord(
                    address=address,
                    offender=_blur(error.offender),
                    version=error.version,
                    type=error.type,
                    code=error.code,
                    t=self.since_zero_s(error.at_s),
                    transaction_id=self.transaction_id,
                    tags=list(self.tags),
                )
            )

    def _add(
        self,
        operation: str,
        address: str,
        t0_s: float,
        t_s: float,
        num_bytes: int | None,
        failure: Failure | None,
        proto: str = "tcp",
    ) -> None:
        if len(self.events) < _MAX_EVENTS:
            self.events.append(
                wire.NetworkEvent(
                    operation=operation,
                    address=address,
                    proto=proto,
                    num_bytes=num_bytes,
                    failure=failure,
                    t0=t0_s,
                    t=t_s,
                    transaction_id=self.transaction_id,
                    tags=list(self.tags),
                )
            )
