"""The common steps of all nettests, wire to observation."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from banwatch.formats.ooni.events import Received, find_pace
from banwatch.formats.ooni.failures import normalise
from banwatch.formats.ooni.reading import (
    host_of,
    read_bytes,
    read_certificate,
    read_endpoint,
    read_headers,
    read_host,
    read_ip,
    read_tags,
    read_text,
    read_title,
)
from banwatch.formats.ooni.wire import (
    Binary,
    DnsAnswer,
    HttpTransaction,
    Query,
    TcpConnect,
    Text,
    TlsHandshake,
)
from banwatch.model.failure import RAW_NAME
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation, Step

MAX_STEPS = 2_000
"""Steps read of one measurement; a page with ten redirects over forty addresses makes under 1,200."""


HopOf = Callable[[str | None], int]
"""The hop of a host name, for probes that do not tag their steps."""


@dataclass(slots=True)
class Steps:
    """Collects observations in the order of the wire."""

    uid: MeasurementUid
    found: list[Observation] = field(default_factory=list)

    def add_queries(self, queries: Iterable[Query] | None, hop_of_host: HopOf, *, late: bool = False) -> None:
        for query in queries or ():
            if len(self.found) >= MAX_STEPS:
                return
            hostname = read_host(query.hostname)
            tags = read_tags(query.tags)
            answers, cnames = _read_answers(query.answers)
            self.found.append(
                Observation(
                    measurement_uid=self.uid,
                    ordinal=len(self.found),
                    step=Step.DNS,
                    transaction_id=query.transaction_id or 0,
                    hop=hop_of_host(hostname) if tags.hop is None else tags.hop,
                    t0_s=query.t0,
                    t_s=query.t,
                    failure=_failure_of_lookup(query),
                    hostname=hostname,
                    follow_up=tags.follow_up,
                    engine=query.engine,
                    resolver_address=query.resolver_address,
                    query_type=query.query_type,
                    rcode=query.rcode,
                    answers=answers,
                    cnames=cnames,
                    late=late or tags.late,
                )
            )

    def add_connects(self, connects: Iterable[TcpConnect] | None, hop_of_ip: HopOf) -> None:
        for connect in connects or ():
            if len(self.found) >= MAX_STEPS:
                return
            status, tags = connect.status, read_tags(connect.tags)
            ip = read_ip(connect.ip)
            failure = normalise(status.failure) if status else None
            if failure is None and (status is None or status.success is False):
                failure = "unknown_failure: the probe does not say"
            self.found.append(
                Observation(
                    measurement_uid=self.uid,
                    ordinal=len(self.found),
                    step=Step.TCP,
                    transaction_id=connect.transaction_id or 0,
                    hop=hop_of_ip(ip) if tags.hop is None else tags.hop,
                    t0_s=connect.t0,
                    t_s=connect.t,
                    failure=failure,
                    ip=ip,
                    port=connect.port,
                    follow_up=tags.follow_up,
                )
            )

    def add_handshakes(self, handshakes: Iterable[TlsHandshake] | None, hop_of_host: HopOf) -> None:
        for shake in handshakes or ():
            if len(self.found) >= MAX_STEPS:
                return
            ip, port = read_endpoint(shake.address)
            server_name, tags = read_host(shake.server_name), read_tags(shake.tags)
            certificates = _read_certificates(shake.peer_certificates)
            self.found.append(
                Observation(
                    measurement_uid=self.uid,
                    ordinal=len(self.found),
                    step=Step.QUIC if shake.network in ("udp", "quic") else Step.TLS,
                    transaction_id=shake.transaction_id or 0,
                    hop=hop_of_host(server_name) if tags.hop is None else tags.hop,
                    t0_s=shake.t0,
                    t_s=shake.t,
                    failure=normalise(shake.failure),
                    hostname=server_name,
                    ip=ip,
                    port=port,
                    follow_up=tags.follow_up,
                    tls_version=shake.tls_version,
                    cipher_suite=shake.cipher_suite,
                    alpn=shake.negotiated_protocol,
                    certificate_sha256=tuple(digest for _, digest in certificates),
                    no_verify=bool(shake.no_tls_verify),
                    peer_certificates=tuple(der for der, _ in certificates),
                )
            )

    def add_requests(
        self, requests: Sequence[HttpTransaction] | None, received: dict[int, Received] | None = None
    ) -> None:
        """Add HTTP round trips, the earliest first; the wire has the latest first."""
        for position, request in enumerate(reversed(requests or ())):
            if len(self.found) >= MAX_STEPS:
                return
            self.found.append(self._read_request(request, position, received or {}))

    def _read_request(
        self, wire: HttpTransaction, position: int, received: dict[int, Received]
    ) -> Observation:
        sent, response = wire.request, wire.response
        ip, port = read_endpoint(wire.address)
        tags, url = read_tags(wire.tags), sent.url if sent else None
        transaction_id = wire.transaction_id or 0
        body = read_bytes(response.body) if response else None
        headers = read_headers(response.headers_list, response.headers) if response else ()
        location = next((value for name, value in headers if name == "location"), None)
        code = response.code if response else None
        noted = received.get(transaction_id)
        received_bytes, receive_s = _span(noted, wire.t0)
        pace = find_pace(noted, wire.t0) if noted is not None and wire.t0 is not None else None
        return Observation(
            measurement_uid=self.uid,
            ordinal=len(self.found),
            step=Step.HTTP,
            transaction_id=transaction_id,
            hop=position if tags.hop is None else tags.hop,
            t0_s=wire.t0,
            t_s=wire.t,
            failure=normalise(wire.failure),
            hostname=host_of(url),
            ip=ip,
            port=port,
            follow_up=tags.follow_up,
            alpn=wire.alpn,
            url=url,
            method=sent.method if sent else None,
            status_code=code if code else None,  # 0 is what Go writes for "no response"
            title=read_title(body) if body else None,
            location=location,
            body_length=len(body) if body is not None and code else None,
            body_sha256=hashlib.sha256(body).hexdigest() if body else None,
            body_truncated=bool(response and response.body_is_truncated),
            body=body,
            response_headers=headers,
            received_bytes=received_bytes,
            receive_s=receive_s,
            pace_bps=pace.bps if pace else None,
            pace_skew=pace.skew if pace else None,
        )


def _failure_of_lookup(query: Query) -> str | None:
    """Read the failure of a lookup; one for a name in raw Unicode is the probe's own."""
    if not query.failure:
        return None
    is_raw = query.hostname is not None and not query.hostname.isascii()
    return RAW_NAME if is_raw else normalise(query.failure)


def _span(received: Received | None, asked_s: float | None) -> tuple[int | None, float | None]:
    """Bytes and the seconds that they took.

    From the request on, where its time is known: the first note comes when some bytes are there already, and
    of a short page that is half. Else only what came after the first note counts.
    """
    if received is None:
        return None, None
    if asked_s is not None and asked_s <= received.first_s:
        return received.size_bytes, received.last_s - asked_s
    if received.last_s > received.first_s:
        return received.size_bytes - received.first_bytes, received.last_s - received.first_s
    return None, None


def _read_answers(answers: list[DnsAnswer] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not answers:
        return (), ()
    addresses, names = [], []
    for answer in answers:
        if ip := read_ip(answer.ipv4 or answer.ipv6):
            addresses.append(ip)
        elif name := read_host(answer.hostname):
            names.append(name)
    return tuple(addresses), tuple(names)


def _read_certificates(certificates: list[Text] | None) -> list[tuple[bytes, str]]:
    found = []
    for certificate in certificates or ():
        data = certificate.data if isinstance(certificate, Binary) else read_text(certificate)
        if read := read_certificate(data):
            found.append(read)
    return found
