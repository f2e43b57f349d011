"""Records of one measurement of an application, and questions that its test keys answer from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from banwatch.formats.ooni import wire
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query

OwnKeys = Mapping[str, object]
"""Test keys that a nettest has beside the common ones."""


@dataclass(slots=True)
class ApplicationRecords:
    """Steps of one measurement of an application."""

    queries: list[Query] = field(default_factory=list)
    tcp_connects: list[wire.TcpConnect] = field(default_factory=list)
    tls_handshakes: list[wire.TlsHandshake] = field(default_factory=list)
    requests: list[wire.HttpTransaction] = field(default_factory=list)
    expected_asn: int = 0
    """The network that names must resolve into; 0 is any."""
    asn_of: Callable[[str], Asn] | None = None

    def common(self, trace: Trace) -> OwnKeys:
        """Give the keys that all of them have."""
        return {
            "agent": "redirect",
            "failed_operation": None,
            "failure": None,
            "socksproxy": None,
            "queries": self.queries,
            "tcp_connect": self.tcp_connects,
            "tls_handshakes": self.tls_handshakes,
            "requests": self.requests,
            "network_events": trace.events,
        }

    def connected(self, ips: set[str] | None = None) -> bool:
        """Return whether a connection to any of these addresses came about; any at all where None."""
        return any(
            one.status is not None and one.status.success
            for one in self.tcp_connects
            if ips is None or one.ip in ips
        )

    def is_consistent(self, host: str) -> bool:
        """Return whether a name resolved, and only into the expected network where a table says so."""
        found = self.addresses(host)
        if self.asn_of is None or not self.expected_asn:
            return bool(found)
        networks = {self.asn_of(ip) for ip in found} - {UNKNOWN_ASN}
        return bool(found) and networks <= {self.expected_asn}

    def addresses(self, host: str) -> set[str]:
        """Return the addresses that a name resolved to."""
        return {
            answer.ipv4 or answer.ipv6 or ""
            for query in self.queries
            if query.hostname == host
            for answer in query.answers or ()
        }

    def web(self, host: str) -> tuple[str, str | None]:
        """Return how a page of a host fared: `ok` or `blocked`, and the first failure on the way."""
        for request in self.requests:
            url = request.request.url if request.request else None
            if url is not None and url.startswith(f"https://{host}/") and request.failure is None:
                return "ok", None
        ips = self.addresses(host)
        failures = [query.failure for query in self.queries if query.hostname == host]
        failures += [one.status.failure for one in self.tcp_connects if one.ip in ips and one.status]
        failures += [one.failure for one in self.tls_handshakes if one.server_name == host]
        failures += [
            one.failure
            for one in self.requests
            if one.request and (one.request.url or "").startswith(f"https://{host}/")
        ]
        return "blocked", next((failure for failure in failures if failure), "unknown_failure: not reached")
