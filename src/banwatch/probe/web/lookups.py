"""Lookups of one measurement, by every kind of resolver at once.

The system's resolver (through `getaddrinfo`, and raw) and public ones over UDP are waited for. Those over
TCP, TLS and HTTPS take several round trips: they are waited for as long as such take on this network, and end
in the background where a censor drops them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.lag import LagMonitor
from banwatch.probe.settings import Settings
from banwatch.probe.step_records import StepRecords
from banwatch.probe.steps.dns import UdpLookup, addresses_of, begin_udp_lookup, lookup_system
from banwatch.probe.steps.dns_streams import lookup_doh_types, lookup_dot, lookup_tcp
from banwatch.probe.steps.resolver_links import ResolverLinks
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query

_TYPES = ("A", "AAAA")
_SYSTEM_RESOLVERS = 1
"""Number of the system's resolvers that are asked: it asks the second only where the first is silent."""
_ROUND_TRIPS = 5
"""TCP, TLS, question and answer, as multiples of the slowest answer over UDP."""
_SHORTEST_PATIENCE_S = 0.1

NewTrace = Callable[[str, str], Trace]
"""Begins a transaction: of a kind, with a tag."""


class Lookups:
    """The lookups of one measurement.

    Args:
        net: the network to measure.
        settings: the resolvers to ask.
        roots: the authorities to trust.
        lag: notes how long answers take.
        links: connections to resolvers, shared by all measurements of a session.
        records: get every lookup.
        new_trace: begins transactions.
    """

    def __init__(
        self,
        net: Net,
        settings: Settings,
        roots: Roots,
        lag: LagMonitor,
        links: ResolverLinks,
        records: StepRecords,
        new_trace: NewTrace,
    ) -> None:
        self._net = net
        self._settings = settings
        self._roots = roots
        self._lag = lag
        self._links = links
        self._records = records
        self._new_trace = new_trace
        self._udp: list[UdpLookup] = []
        self._of_services: dict[str, UdpLookup] = {}

    def late(self) -> list[Query]:
        """Return every reply that came after the first one to its question."""
        return [late for lookup in self._udp for late in lookup.late]

    def offers_http3(self, host: str) -> bool:
        """Return whether the name's `HTTPS` record (RFC 9460) offers HTTP/3, as far as is known by now."""
        asked = self._of_services.get(host)
        return asked is not None and asked.offers_http3

    def close(self) -> None:
        """Stop listening."""
        for lookup in (*self._udp, *self._of_services.values()):
            lookup.close()

    async def look_up(
        self, host: str, depth: int, background: asyncio.TaskGroup
    ) -> tuple[list[Query], list[list[str]]]:
        """Ask every resolver.

        Returns:
            The lookups that were waited for, and the addresses that each named, `getaddrinfo`'s first.
        """
        settings, times = self._settings, self._settings.timeouts
        tag = f"depth={depth}"
        public = [parse_endpoint(resolver) for resolver in settings.resolvers]
        own = [one for one in self._own() if one not in public]
        udp = [self._begin(resolver, host, kind, tag) for resolver in (*own, *public) for kind in _TYPES]
        for lookup in udp:
            lookup.is_own = lookup.resolver in own
        self._udp += udp
        streams: set[asyncio.Task[list[Query]]] = {
            background.create_task(self._keep(work)) for work in self._stream_lookups(host, depth, tag)
        }
        if depth == 0:
            self._ask_for_services(host, tag, background)
        begun_s = self._net.clock()
        plain: list[Query] = list(
            await asyncio.gather(
                lookup_system(
                    self._net, host, timeout_s=times.dns_s, trace=self._new_trace("getaddrinfo", tag)
                ),
                *(lookup.first(self._net, timeout_s=times.dns_s) for lookup in udp),
            )
        )
        for lookup in udp:
            background.create_task(lookup.watch(seconds=times.dns_late_s))
        self._records.queries += plain
        for query in plain:
            if query.failure is None:
                self._lag.note_step((query.t or 0) - (query.t0 or 0), times.dns_s)
        took_s = self._net.clock() - begun_s
        answered = await _wait(streams, self._patience_s(plain, took_s))
        found = [*plain, *answered]
        return found, [addresses_of(query) for query in found]

    def _patience_s(self, plain: Sequence[Query], took_s: float) -> float:
        """Return how much longer connections are waited for: for long where nothing else gave an address."""
        private_too = self._settings.measure_private
        usable = any(may_be_measured(ip, private_too) for query in plain for ip in addresses_of(query))
        timeout_s = self._settings.timeouts.dns_s
        if not usable:
            return timeout_s
        return min(timeout_s, max(_SHORTEST_PATIENCE_S, _ROUND_TRIPS * took_s)) - min(took_s, timeout_s)

    def _own(self) -> list[Endpoint]:
        """Return the system's own resolver, to be asked directly."""
        return [Endpoint(ip, 53) for ip in self._net.system_resolvers[:_SYSTEM_RESOLVERS]]

    def _begin(self, resolver: Endpoint, host: str, kind: str, tag: str) -> UdpLookup:
        trace = self._new_trace("udp", tag)
        return begin_udp_lookup(resolver, host, kind, rng=self._settings.rng, trace=trace)

    def _stream_lookups(self, host: str, depth: int, tag: str) -> list[Coroutine[Any, Any, list[Query]]]:
        settings, timeout_s = self._settings, self._settings.timeouts.dns_s
        at = settings.now()

        def traces(kind: str) -> list[Trace]:
            return [self._new_trace(kind, tag) for _ in _TYPES]

        works: list[Coroutine[Any, Any, list[Query]]] = [
            lookup_dot(
                self._net,
                parse_endpoint(resolver),
                host,
                _TYPES,
                roots=self._roots,
                at=at,
                timeout_s=timeout_s,
                rng=settings.rng,
                links=self._links,
                traces=traces("dot"),
            )
            for resolver in settings.dot_resolvers
        ]
        works += [
            lookup_doh_types(
                self._net,
                resolver,
                host,
                _TYPES,
                roots=self._roots,
                at=at,
                timeout_s=timeout_s,
                links=self._links,
                traces=traces("doh"),
            )
            for resolver in settings.doh_resolvers
        ]
        if depth == 0:
            works += [
                lookup_tcp(
                    self._net,
                    parse_endpoint(resolver),
                    host,
                    _TYPES,
                    timeout_s=timeout_s,
                    rng=settings.rng,
                    traces=traces("tcp"),
                )
                for resolver in settings.tcp_resolvers
            ]
        return works

    async def _keep(self, work: Awaitable[list[Query]]) -> list[Query]:
        queries = await work
        self._records.queries += queries
        return queries

    def _ask_for_services(self, host: str, tag: str, background: asyncio.TaskGroup) -> None:
        """Ask one public resolver for the name's `HTTPS` record, beside everything else."""
        if self._settings.http3 != "offered" or not self._settings.resolvers:
            return
        resolver = parse_endpoint(self._settings.resolvers[0])
        lookup = begin_udp_lookup(
            resolver, host, "HTTPS", rng=self._settings.rng, trace=self._new_trace("https_record", tag)
        )
        self._of_services[host] = lookup

        async def ask() -> None:
            query = await lookup.first(self._net, timeout_s=self._settings.timeouts.dns_s)
            lookup.close()
            self._records.service_queries.append(query)

        background.create_task(ask())


async def _wait(tasks: set["asyncio.Task[list[Query]]"], patience_s: float) -> list[Query]:
    if not tasks:
        return []
    done, _ = await asyncio.wait(tasks, timeout=max(0.0, patience_s))
    return [query for task in done for query in task.result()]
