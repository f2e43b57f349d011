"""Nettests of applications: can its servers be reached. What to try is data (`data/apps.yaml`)."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint
from banwatch.net.http.request import HttpRequest
from banwatch.net.http.target_url import TargetUrl, parse_target_url
from banwatch.net.seam import Net, Stream, TlsSettings
from banwatch.net.tls.certificates import Roots
from banwatch.probe.nettests.application_keys import OWN_KEYS, AppRecords
from banwatch.probe.nettests.catalogue import load_nettests
from banwatch.probe.politeness import Politeness
from banwatch.probe.scrub import scrubber
from banwatch.probe.settings import Settings
from banwatch.probe.steps.dns import addresses_of, lookup_system
from banwatch.probe.steps.http import BROWSER_HEADERS, http_get
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace

_ALPN = ("h2", "http/1.1")
_ADDRESSES_OF_A_NAME = 2
_AT_ONCE = 16


class _Endpoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    speaks: Literal["nothing", "http"]


class App(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One application."""

    version: str
    endpoints: tuple[_Endpoints, ...] = ()
    urls: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Only resolved."""
    authorities: str = ""
    """A file of data with authorities that it has besides the usual ones."""
    asn: int = 0
    """The network that its names must resolve into, where one is known."""


@functools.lru_cache(maxsize=8)
def _roots_of(authorities: str, ca_file: Path | None) -> Roots:
    return Roots(ca_file, files("banwatch.probe").joinpath("data", authorities).read_bytes())


@functools.cache
def load_apps() -> Mapping[str, App]:
    """The applications that can be measured, by the name of their nettest."""
    text = files("banwatch.probe").joinpath("data/apps.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=dict[str, App])


def find_app(name: str) -> App:
    """An application by name.

    Raises:
        BanwatchError: it is not known.
    """
    apps = load_apps()
    if name not in apps:
        known = ", ".join(sorted({*apps, *load_nettests(), "network", "web_connectivity"}))
        raise BanwatchError(f"No nettest {name!r}", f"Known are {known}.")
    return apps[name]


@dataclass(frozen=True, slots=True)
class _Place:
    """An address to try, for a host."""

    host: str
    endpoint: Endpoint


class Application:
    """One measurement of one application.

    Args:
        net: the network to measure.
        settings: where the probe stands and how it measures.
        roots: the authorities to trust.
        politeness: shared by all measurements of a session.
    """

    def __init__(self, net: Net, settings: Settings, roots: Roots, politeness: Politeness) -> None:
        self._net = net
        self._settings = settings
        self._roots = roots
        self._politeness = politeness
        self._trace = Trace(clock=net.clock, zero_s=net.clock())
        self._records = AppRecords()
        self._resolved: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._last_id = 0

    async def measure(self, name: str) -> Mapping[str, object]:
        """Try everything of an application; its test keys."""
        app = find_app(name)
        async with asyncio.TaskGroup() as tasks:
            for group in app.endpoints:
                for host in group.hosts:
                    tasks.create_task(self._try_host(host, group))
            for url in app.urls:
                tasks.create_task(self._try_url(parse_target_url(url), app))
            for host in app.names:
                tasks.create_task(self._addresses(host))
        self._records.expected_asn, self._records.asn_of = app.asn, self._settings.asn_of
        return {**self._records.common(self._trace), **OWN_KEYS[name](self._records)}

    def _begin(self) -> Trace:
        self._last_id += 1
        return self._trace.transaction(self._last_id)

    async def _addresses(self, host: str) -> tuple[str, ...]:
        """Resolve once, whoever asks."""
        if host not in self._resolved:
            self._resolved[host] = asyncio.ensure_future(self._look_up(host))
        return await self._resolved[host]

    async def _look_up(self, host: str) -> tuple[str, ...]:
        if _is_address(host):
            return (host,)
        query = await lookup_system(
            self._net, host, timeout_s=self._settings.timeouts.dns_s, trace=self._begin()
        )
        self._records.queries.append(query)
        usable = [ip for ip in addresses_of(query) if may_be_measured(ip, self._settings.measure_private)]
        return tuple(ip for ip in usable if ":" not in ip or self._net.has_ipv6)[:_ADDRESSES_OF_A_NAME]

    async def _try_host(self, host: str, group: _Endpoints) -> None:
        for ip in await self._addresses(host):
            for port in group.ports:
                await self._at(Endpoint(ip, port), functools.partial(self._knock, group.speaks))

    async def _at(self, endpoint: Endpoint, do: Callable[[Endpoint, Stream, Trace], object]) -> bool:
        """Connect, politely, and do something there; whether the connection came about."""
        async with self._few, self._politeness.addresses.hold(endpoint.ip):
            trace = self._begin()
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

    async def _try_url(self, url: TargetUrl, app: App) -> None:
        roots = _roots_of(app.authorities, self._settings.ca_file) if app.authorities else self._roots

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
