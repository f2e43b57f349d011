"""Index of the truth: finds the flows that a measurement caused."""

import bisect
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.model.observation import Observation, Step

DNS_PORT = 53
SLACK = timedelta(seconds=2)
"""A measurement's start is written in whole seconds, and a flow's last packet may come after its end."""
SYSTEM_ENGINES = frozenset({"getaddrinfo", "system", "golang_net_resolver"})


_UNREAD = ""
"""Key of questions that the censor dropped unread: such a question may have been for any name."""


class FlowIndex:
    """Flows by tier, time, and the name or endpoint that a measurement knows.

    Args:
        flows: all flows of a lab, in any order.
    """

    def __init__(self, flows: Iterable[FlowTruth]) -> None:
        self._by_key: dict[tuple[str, str, int], list[FlowTruth]] = {}
        for flow in sorted(flows, key=lambda flow: (flow.started_at, flow.src, flow.sport)):
            if flow.dport == DNS_PORT:
                names = {name.rstrip(".").lower() for kind, name in flow.names if kind == "qname"}
                for name in names or {_UNREAD}:
                    self._by_key.setdefault((flow.tier, name, DNS_PORT), []).append(flow)
            self._by_key.setdefault((flow.tier, flow.dst, flow.dport), []).append(flow)

    def caused_by(
        self, tier: str, started_at: datetime, observations: Sequence[Observation]
    ) -> tuple[list[FlowTruth], list[FlowTruth]]:
        """Find the flows of one measurement: those that its verdict rests on, and the others.

        Follow-up steps cause flows of their own, which are left out: they ask other questions.
        """
        plain = [step for step in observations if step.follow_up is None]
        last_s = max((step.t_s or 0.0 for step in plain), default=0.0)
        begin, end = started_at - SLACK, started_at + timedelta(seconds=last_s) + SLACK
        hostnames = {step.hostname.rstrip(".").lower() for step in plain if step.hostname}
        named_resolvers = {
            _host(step.resolver_address)
            for step in plain
            if step.step is Step.DNS and step.resolver_address and step.engine not in SYSTEM_ENGINES
        }
        questions = [
            flow for name in sorted(hostnames) for flow in self._between(tier, name, DNS_PORT, begin, end)
        ]
        unread = self._between(tier, _UNREAD, DNS_PORT, begin, end)
        if not any(flow.dst not in named_resolvers for flow in questions):
            questions += [flow for flow in unread if flow.dst not in named_resolvers]
        questions += [flow for flow in unread if flow.dst in named_resolvers]
        shared = [flow for flow in questions if flow.acted_on and _asks_of_others(flow, hostnames)]
        questions = [flow for flow in questions if flow not in shared]
        system = [flow for flow in questions if flow.dst not in named_resolvers]
        beside = [flow for flow in questions if flow.dst in named_resolvers]
        if not system:  # the system's resolver is one of the public ones that the probe asked
            system, beside = beside, []
        endpoints = {
            (step.ip, step.port) for step in plain if step.step is not Step.DNS and step.ip and step.port
        }
        bearing = system + [
            flow
            for ip, port in sorted(endpoints)
            for flow in self._between(tier, ip, port, begin, end)
            if _speaks_of(flow, hostnames)
        ]
        return bearing, beside + shared

    def _between(self, tier: str, where: str, port: int, begin: datetime, end: datetime) -> list[FlowTruth]:
        flows = self._by_key.get((tier, where, port), [])
        first = bisect.bisect_left(flows, begin, key=_started_at)
        last = bisect.bisect_right(flows, end, key=_started_at)
        return flows[first:last]


def _started_at(flow: FlowTruth) -> datetime:
    return flow.started_at


def _speaks_of(flow: FlowTruth, hostnames: set[str]) -> bool:
    """Return whether a flow may belong to a fetch of these names; a flow without names may."""
    said = {name.rstrip(".").lower() for kind, name in flow.names if kind in ("sni", "host")}
    return not said or not said.isdisjoint(hostnames)


def _asks_of_others(flow: FlowTruth, hostnames: set[str]) -> bool:
    """Return whether a flow carried questions for other names, too: the affected one is unknown then."""
    asked = {name.rstrip(".").lower() for kind, name in flow.names if kind == "qname"}
    return bool(asked) and not asked <= hostnames


def _host(address: str) -> str:
    """Strip the port from `1.2.3.4:53`, `[::1]:53` or a bare address."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def in_utc(at: datetime) -> datetime:
    """Read a time without a zone as UTC, which OONI's are."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
