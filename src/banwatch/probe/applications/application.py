"""Measurement of an application: can its servers be reached. What to try is the nettest's data.

Endpoints change: each data file says which specification it follows.
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from banwatch.formats.scrub import scrubber
from banwatch.net.endpoint import Endpoint
from banwatch.net.http.request import HttpRequest
from banwatch.net.http.target_url import TargetUrl, parse_target_url
from banwatch.net.seam import Stream, TlsSettings
from banwatch.net.tls.certificates import Roots
from banwatch.probe.applications.records import ApplicationRecords, OwnKeys
from banwatch.probe.nettest_context import Measure, NettestContext
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace

_ALPN = ("h2", "http/1.1")
_ADDRESSES_OF_A_NAME = 2
_AT_ONCE = 16


class EndpointGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hosts that are connected to alike, at every port."""

    hosts: tuple[str, ...]
    """Names, which are resolved first, or addresses."""
    ports: tuple[int, ...]
    speaks: Literal["nothing", "http"]
    """What follows a connect: nothing, or an HTTP POST in the clear."""


class ApplicationData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Servers of one application."""

    endpoints: tuple[EndpointGroup, ...] = ()
    urls: tuple[str, ...] = ()
    """Fetched inside TLS, without following redirects."""
    names: tuple[str, ...] = ()
    """Only resolved."""
    authorities: str = ""
    """File in `probe/data` with authorities that its servers' certificates may come from besides."""
    asn: int = 0
    """The network that its names must resolve into, where one is known."""


@functools.lru_cache(maxsize=8)
def _roots_of(authorities: str, ca_file: Path | None) -> Roots:
    return Roots(ca_file, files("banwatch.probe").joinpath("data", authorities).read_bytes())


class Application:
    """A measurement of one application.

    Args:
        context: the network, the settings and the trace.
    """

    def __init__(self, context: NettestContext) -> None:
        self._context = context
        self._net = context.net
        self._settings = context.settings
        self._politeness = context.politeness
        self._records = ApplicationRecords(asn_of=context.settings.asn_of)
        self._resolved: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def measure(self, data: ApplicationData) -> ApplicationRecords:
        """Try everything of an application."""
        self._records.expected_asn = data.asn
        async with asyncio.TaskGroup() as tasks:
            for group in data.endpoints:
                for host in group.hosts:
                    tasks.create_task(self._try_host(host, group))
            for url in data.urls:
                tasks.create_task(self._try_url(parse_target_url(url), data))
            for host in data.names:
                tasks.create_task(self._addresses(host))
        return self._records

    async def _addresses(self, host: str) -> tuple[str, ...]:
        """Resolve a host once, for all callers."""
        if host not in self._resolved:
            self._resolved[host] = asyncio.ensure_future(self._look_up(host))
        return await self._resolved[host]

    async def _look_up(self, host: str) -> tuple[str, ...]:
        if _is_address(host):
            return (host,)
        query, usable = await self._context.look_up(host)
        self._records.queries.append(query)
        return tuple(usable)[:_ADDRESSES_OF_A_NAME]

    async def _try_host(self, host: str, group: EndpointGroup) -> None:
        for ip in await self._addresses(host):
            for port in group.ports:
                await self._at(Endpoint(ip, port), functools.partial(self._knock, group.speaks))

    async def _at(self, endpoint: Endpoint, do: Callable[[Endpoint, Stream, Trace], object]) -> bool:
        """Connect, politely, and do something there; return whether the connection came about."""
        async with self._few, self._politeness.addresses.hold(endpoint.ip):
            trace = self._context.begin()
            stream, connect = await tcp_connect(
                self._net, endpoint, timeout_s=self._settings.timeouts.tcp_s, trace=trace
            )
            self._records.tcp_connects.append(connect)
            if stream is None:
                return False
            try:
                work = do(endpoint, stream, trace)
                if asyncio.iscoroutine(work):
                    await work
            finally:
                stream.close()
            return True

    async def _knock(self, speaks: str, endpoint: Endpoint, stream: Stream, trace: Trace) -> None:
        if speaks == "http":
            authority = endpoint.ip if endpoint.port == 80 else str(endpoint)
            request = HttpRequest(
                method="POST", scheme="http", authority=authority, path="/", headers=BROWSER_HEADERS
            )
            await self._exchange(request, endpoint, stream, "", trace)

    async def _try_url(self, url: TargetUrl, data: ApplicationData) -> None:
        roots = (
            _roots_of(data.authorities, self._settings.ca_file) if data.authorities else self._context.roots
        )

        async def fetch(endpoint: Endpoint, stream: Stream, trace: Trace) -> None:
            tls, handshake = await tls_handshake(
                self._net,
                stream,
                endpoint,
                TlsSettings(server_name=url.host, alpn=_ALPN),
                roots=roots,
                at=self._settings.now(),
                timeout_s=self._settings.timeouts.tls_s,
                trace=trace,
            )
            self._records.tls_handshakes.append(handshake)
            if tls is not None:
                request = HttpRequest(
                    scheme=url.scheme, authority=url.authority, path=url.path, headers=BROWSER_HEADERS
                )
                await self._exchange(request, endpoint, tls, handshake.negotiated_protocol or "", trace)

        for ip in await self._addresses(url.host):
            if await self._at(Endpoint(ip, url.port), fetch):
                return  # one that connects is enough

    async def _exchange(
        self, request: HttpRequest, endpoint: Endpoint, stream: Stream, alpn: str, trace: Trace
    ) -> None:
        fetched = await http_get(
            stream,
            endpoint,
            request,
            alpn=alpn,
            transport="tcp",
            timeout_s=self._settings.timeouts.http_s,
            limit_bytes=self._settings.body_limit_bytes,
            scrub=scrubber((*self._net.own_addresses, *self._settings.own_addresses)),
            trace=trace,
        )
        self._records.requests.insert(0, fetched.record)


def _is_address(host: str) -> bool:
    return TargetUrl(scheme="http", host=host, port=80, path="/").address is not None


def measure_application(data: ApplicationData, keys_of: Callable[[ApplicationRecords], OwnKeys]) -> Measure:
    """Make the measuring function of an application's nettest.

    Args:
        data: what to try.
        keys_of: works out the nettest's own test keys.
    """

    async def measure(context: NettestContext, given: str) -> Mapping[str, object]:
        del given  # an application has no inputs
        records = await Application(context).measure(data)
        return {**records.common(context.trace), **keys_of(records)}

    return measure
