"""The context of one measurement: the network, the settings, and a trace to write into."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from banwatch.net.addresses import may_be_measured
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.lag import LagMonitor
from banwatch.probe.politeness import Politeness
from banwatch.probe.settings import Settings
from banwatch.probe.steps.dns import addresses_of, lookup_system
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query


@dataclass(slots=True, kw_only=True)
class NettestContext:
    """Everything that one measurement of a nettest works with."""

    net: Net
    settings: Settings
    roots: Roots
    politeness: Politeness
    """Shared by all measurements of a session."""
    lag: LagMonitor
    """Shared too."""
    trace: Trace
    last_id: int = 0

    def begin(self, *tags: str) -> Trace:
        """Begin another transaction."""
        self.last_id += 1
        return self.trace.transaction(self.last_id, *tags)

    async def look_up(self, host: str) -> tuple[Query, list[str]]:
        """Ask the system's resolver; the record, and the addresses that may be tried."""
        query = await lookup_system(
            self.net, host, timeout_s=self.settings.timeouts.dns_s, trace=self.begin()
        )
        return query, [ip for ip in addresses_of(query) if self.may_try(ip)]

    def may_try(self, ip: str) -> bool:
        """Return whether an address is on the public Internet, and there is a way to it."""
        return may_be_measured(ip, self.settings.measure_private) and (":" not in ip or self.net.has_ipv6)


Keys = msgspec.Struct | Mapping[str, object]
"""Test keys of one measurement."""
Measure = Callable[[NettestContext, str], Coroutine[Any, Any, Keys]]
"""Measure one input, which is empty where a nettest has none; the test keys."""
