"""A measurement as a value: what network, site and control do, and the line that a probe writes of it.

The line goes through the same encoder as our probe's, so that a scenario is judged the way a real file is.
"""

from dataclasses import dataclass, field, replace

import msgspec

from banwatch.formats.ooni import WireMeasurement, encode
from banwatch.formats.ooni import wire as w

GENUINE = ("151.101.1.164", "151.101.65.164")
"""Addresses of one content network (AS54113)."""
SAME_AS = ("151.101.129.164", "151.101.193.164")
OTHER_AS = ("104.16.120.20", "104.16.121.20")
"""Another content network's (AS13335)."""
FORGED = "31.13.94.37"
IN_NETWORK = ("175.45.176.71",)
"""A host inside the probe's own network (AS131279)."""
GENUINE_V6 = "2a04:4e42::323"
HOST = "www.example.net"
TITLE = "Example News: today in the world"
HEADERS = (("content-type", "text/html"), ("server", "nginx"), ("x-served-by", "cache-1"))
BODY = f"<html><head><title>{TITLE}</title></head><body>{'lorem ipsum ' * 400}</body></html>"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One resolver's answer."""

    answers: tuple[str, ...] = GENUINE
    failure: str | None = None
    late: tuple[str, ...] = ()
    """A second answer to the same question."""


@dataclass(frozen=True, slots=True)
class Page:
    """One HTTP response, or the failure to get one."""

    status: int | None = 200
    failure: str | None = None
    body: str = field(default=BODY, repr=False)
    title: str | None = TITLE
    headers: tuple[tuple[str, str], ...] = HEADERS
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Helper:
    """What the control saw."""

    addresses: tuple[str, ...] = GENUINE
    dns_failure: str | None = None
    tcp: str | None = None
    """The failure of every connect."""
    tls: str | None = None
    page: Page = field(default_factory=Page)
    dead: tuple[str, ...] = ()
    """Addresses at which it found nothing."""
    mute: tuple[str, ...] = ()
    """Addresses at which it connected, and every handshake was reset."""
    wrong: tuple[str, ...] = ()
    """Addresses at which it found another site's certificate."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a measurement of one page depends on."""

    scheme: str = "https"
    host: str = HOST
    version: str = "0.5.28"
    probe_cc: str = "KP"
    probe_asn: str = "AS131279"
    resolver_asn: str | None = None
    """AS of the resolver that the system asks; the probe's own where None."""
    resolver_ip: str | None = None
    system: Lookup | None = field(default_factory=Lookup)
    plain: Lookup | None = field(default_factory=Lookup)
    encrypted: Lookup | None = field(default_factory=Lookup)
    tcp: dict[str, str] = field(default_factory=dict)
    """Failure by address; `*` for every other."""
    tls: dict[str, str] = field(default_factory=dict)
    page: Page = field(default_factory=Page)
    redirects: tuple[Page, ...] = ()
    """Responses before the page, each with its `location`."""
    helper: Helper | None = field(default_factory=Helper)
    control_failure: str | None = None
    silent_aaaa: bool = True
    """Where the plain query for IPv4 fails, the one for IPv6 fails too."""
    broken_v6: str | None = None
    """IPv6 answers come too, and connecting there fails so."""
    retries: bool | None = None
    """Follow-ups were made, and the step tried again failed (True) or went well (False)."""
    other_name: str | None = None
    """Outcome of the follow-up with another name: `ok` or a failure."""
    other_host: bool = False
    """The follow-up with another name over plain HTTP got an answer."""
    annotations: tuple[tuple[str, str], ...] = ()

    def but(self, **changes: object) -> "Scenario":
        """The same scenario with some things changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the caller names fields of this class

    def to_line(self, uid: str = "20260401000000.000000_KP_webconnectivity_0000000000000000") -> bytes:
        """Write the line that a probe would write."""
        return encode(_Writer(self).to_wire(uid))


class _Writer:
    def __init__(self, s: Scenario) -> None:
        self.s = s
        self.tagged = s.version.startswith("0.5")
        self.port = 443 if s.scheme == "https" else 80

    def to_wire(self, uid: str) -> WireMeasurement:
        s = self.s
        touched = self._addresses()
        tcp, tls, served = self._connect(touched)
        return WireMeasurement(
            measurement_uid=uid,
            report_id="20260401T000000Z_webconnectivity_KP_131279_n1_abcdefghijklmnop",
            input=f"{s.scheme}://{s.host}/",
            annotations=dict(s.annotations) or None,
            measurement_start_time="2026-04-01 00:00:00",
            test_start_time="2026-04-01 00:00:00",
            probe_asn=s.probe_asn,
            probe_cc=s.probe_cc,
            resolver_asn=s.resolver_asn or s.probe_asn,
            resolver_ip=s.resolver_ip,
            software_name="scenario",
            software_version="1",
            test_name="web_connectivity",
            test_version=s.version,
            test_runtime=1.0,
            test_keys=w.TestKeys(
                queries=self._queries(),
                x_dns_duplicate_responses=self._late(),
                tcp_connect=tcp,
                tls_handshakes=tls,
                requests=self._requests(served),
                control=self._control(touched),
                control_failure=s.control_failure,
                blocking=msgspec.Raw(b"null"),
            ),
        )

    def _tags(self, depth: int = 0, /, **more: str) -> list[str] | None:
        tags = [f"depth={depth}"] if self.tagged else []
        return [*tags, *(f"{name}={value}" for name, value in more.items())] or None

    def _queries(self) -> list[w.Query]:
        s, found = self.s, []
        if s.system is not None:
            found.append(self._query("getaddrinfo" if self.tagged else "system", "", "ANY", s.system))
        if self.tagged and s.plain is not None:
            found.append(self._query("udp", "1.1.1.1:53", "A", s.plain))
            failure = s.plain.failure if s.silent_aaaa else None
            nothing = Lookup((), failure or "dns_no_answer")
            found.append(self._query("udp", "1.1.1.1:53", "AAAA", nothing))
        if self.tagged and s.encrypted is not None:
            found.append(self._query("doh", "https://dns.google/dns-query", "A", s.encrypted))
        return found

    def _query(self, engine: str, resolver: str, kind: str, lookup: Lookup) -> w.Query:
        answers = list(lookup.answers) if lookup.failure is None else []
        if self.s.broken_v6 and answers and kind == "ANY":
            answers.append(GENUINE_V6)
        return w.Query(
            hostname=self.s.host,
            query_type=kind,
            engine=engine,
            resolver_address=resolver,
            failure=lookup.failure,
            answers=[_answer(ip) for ip in answers] or None,
            t=0.1,
            tags=self._tags(),
        )

    def _late(self) -> list[w.Query] | None:
        plain = self.s.plain
        if plain is None or not plain.late:
            return None
        return [self._query("udp", "1.1.1.1:53", "A", Lookup(plain.late))]

    def _addresses(self) -> list[str]:
        """What a probe connects to: every answer that is no bogon, and the control's."""
        s = self.s
        lookups = [s.system, s.plain, s.encrypted] if self.tagged else [s.system]
        found: dict[str, None] = {}
        for lookup in lookups:
            if lookup is not None and lookup.failure is None:
                found.update(dict.fromkeys(lookup.answers))
        if self.tagged and s.helper is not None:
            found.update(dict.fromkeys(s.helper.addresses))
        if s.broken_v6:
            found[GENUINE_V6] = None
        return list(found)

    def _connect(self, touched: list[str]) -> tuple[list[w.TcpConnect], list[w.TlsHandshake], str | None]:
        s, tcp, tls, served = self.s, [], [], None
        for number, ip in enumerate(touched, 1):
            failure = s.tcp.get(ip, s.tcp.get("*"))
            if ip == GENUINE_V6:
                failure = s.broken_v6
            tcp.append(self._tcp(ip, failure, number))
            if failure is not None:
                if s.retries is not None:
                    tcp.append(
                        self._tcp(ip, failure if s.retries else None, 60000 + number, follow_up="retry")
                    )
                continue
            if s.scheme == "https":
                failure = s.tls.get(ip, s.tls.get("*"))
                tls.append(self._tls(ip, s.host, failure, number))
                if failure is not None:
                    tls.extend(self._follow_up(ip, failure, number))
                    continue
            served = served or ip
        return tcp, tls, served

    def _follow_up(self, ip: str, failure: str, number: int) -> list[w.TlsHandshake]:
        found = []
        if self.s.other_name is not None:
            outcome = None if self.s.other_name == "ok" else self.s.other_name
            found.append(
                self._tls(ip, "innocent.example.org", outcome, 61000 + number, follow_up="other_name")
            )
        if self.s.retries is not None:
            again = failure if self.s.retries else None
            found.append(self._tls(ip, self.s.host, again, 62000 + number, follow_up="retry"))
        return found

    def _tcp(self, ip: str, failure: str | None, number: int, **more: str) -> w.TcpConnect:
        return w.TcpConnect(
            ip=ip,
            port=self.port,
            status=w.TcpStatus(success=failure is None, failure=failure),
            transaction_id=number if self.tagged else None,
            t=0.2,
            tags=self._tags(**more),
        )

    def _tls(self, ip: str, name: str, failure: str | None, number: int, **more: str) -> w.TlsHandshake:
        return w.TlsHandshake(
            network="tcp",
            address=_endpoint(ip, self.port),
            server_name=name,
            failure=failure,
            no_tls_verify="follow_up" in more,
            transaction_id=number if self.tagged else None,
            t=0.3,
            tags=self._tags(**more),
        )

    def _requests(self, served: str | None) -> list[w.HttpTransaction]:
        if served is None:
            return []
        url, found = f"{self.s.scheme}://{self.s.host}/", []
        if self.s.other_host:
            other = self._request("http://innocent.example.org/", Page(), served, 0)
            found.append(msgspec.structs.replace(other, tags=self._tags(0, follow_up="other_host")))
        for depth, page in enumerate((*self.s.redirects, self.s.page)):
            found.append(self._request(url, page, served, depth))
            url = page.location or url
        return list(reversed(found))

    def _request(self, url: str, page: Page, served: str, depth: int) -> w.HttpTransaction:
        headers = page.headers + ((("location", page.location),) if page.location else ())
        return w.HttpTransaction(
            network="tcp",
            address=_endpoint(served, self.port),
            failure=page.failure,
            request=w.HttpRequest(method="GET", url=url),
            response=w.HttpResponse(
                code=page.status,
                headers_list=[(name, value) for name, value in headers] if page.status else [],
                body=page.body if page.status else "",
            ),
            transaction_id=1 if self.tagged else None,
            t=0.4,
            tags=self._tags(depth, fetch_body="true"),
        )

    def _control(self, touched: list[str]) -> w.ControlResponse | None:
        helper = self.s.helper
        if helper is None:
            return None
        connects, handshakes = {}, {}
        addresses = helper.addresses if helper.dns_failure is None else ()
        for ip in dict.fromkeys((*touched, *addresses)):
            failure = "connection_refused_error" if ip in helper.dead else helper.tcp
            connects[_endpoint(ip, self.port)] = w.ControlTcp(status=failure is None, failure=failure)
            if failure is None and self.s.scheme == "https" and self.tagged:
                wrong = "ssl_invalid_hostname" if ip in helper.wrong else helper.tls
                wrong = "connection_reset" if ip in helper.mute else wrong
                handshakes[_endpoint(ip, self.port)] = w.ControlTls(
                    server_name=self.s.host, status=wrong is None, failure=wrong
                )
        page = helper.page
        page_failed = page.failure is not None
        return w.ControlResponse(
            tcp_connect=connects,
            tls_handshake=handshakes,
            dns=w.ControlDns(failure=helper.dns_failure, addrs=list(addresses)),
            http_request=w.ControlHttpResult(
                failure=page.failure,
                status_code=-1 if page_failed else page.status,
                body_length=-1 if page_failed else len(page.body.encode()),
                title="" if page_failed else page.title,
                headers={} if page_failed else dict(page.headers),
            ),
        )


def _answer(ip: str) -> w.DnsAnswer:
    if ":" in ip:
        return w.DnsAnswer(answer_type="AAAA", ipv6=ip)
    return w.DnsAnswer(answer_type="A", ipv4=ip)


def _endpoint(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
