"""The test keys that OONI's application nettests have of their own, worked out from the steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from banwatch.formats.ooni import wire
from banwatch.model.ids import UNKNOWN_ASN, Asn
from banwatch.probe.record import Query
from banwatch.probe.trace import Trace

OwnKeys = Mapping[str, object]


@dataclass(slots=True)
class AppRecords:
    """What a measurement of an application gathers."""

    queries: list[Query] = field(default_factory=list)
    tcp_connects: list[wire.TcpConnect] = field(default_factory=list)
    tls_handshakes: list[wire.TlsHandshake] = field(default_factory=list)
    requests: list[wire.HttpTransaction] = field(default_factory=list)
    expected_asn: int = 0
    """The network that names must resolve into; 0 is any."""
    asn_of: Callable[[str], Asn] | None = None

    def common(self, trace: Trace) -> OwnKeys:
        """The keys that all of them have."""
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
        """Whether a connection to any of these addresses came about; any at all where None."""
        return any(
            one.status is not None and one.status.success
            for one in self.tcp_connects
            if ips is None or one.ip in ips
        )

    def is_consistent(self, host: str) -> bool:
        """Whether a name resolved, and nowhere but into the expected network, as far as a table tells."""
        found = self.addresses(host)
        if self.asn_of is None or not self.expected_asn:
            return bool(found)
        networks = {self.asn_of(ip) for ip in found} - {UNKNOWN_ASN}
        return bool(found) and networks <= {self.expected_asn}

    def addresses(self, host: str) -> set[str]:
        """What a name resolved to."""
        return {
            answer.ipv4 or answer.ipv6 or ""
            for query in self.queries
            if query.hostname == host
            for answer in query.answers or ()
        }

    def web(self, host: str) -> tuple[str, str | None]:
        """How a page of a host fared: `ok` or `blocked`, and the first failure on the way."""
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


def _telegram(records: AppRecords) -> OwnKeys:
    status, failure = records.web("web.telegram.org")
    centres = {one.ip or "" for one in records.tcp_connects} - records.addresses("web.telegram.org")
    answered = any(
        request.failure is None
        for request in records.requests
        if (request.request and request.request.method == "POST")
    )
    return {
        "telegram_tcp_blocking": not records.connected(centres),
        "telegram_http_blocking": not answered,
        "telegram_web_status": status,
        "telegram_web_failure": failure,
    }


def _whatsapp(records: AppRecords) -> OwnKeys:
    hosts = sorted({q.hostname for q in records.queries if q.hostname and q.hostname.startswith("e")})
    blocked = [host for host in hosts if not records.connected(records.addresses(host))]
    registration, registration_failure = records.web("v.whatsapp.net")
    web, web_failure = records.web("web.whatsapp.com")
    return {
        "registration_server_status": registration,
        "registration_server_failure": registration_failure,
        "whatsapp_endpoints_blocked": blocked,
        "whatsapp_endpoints_dns_inconsistent": [],
        "whatsapp_endpoints_status": "blocked" if len(blocked) == len(hosts) else "ok",
        "whatsapp_web_status": web,
        "whatsapp_web_failure": web_failure,
    }


def _signal(records: AppRecords) -> OwnKeys:
    # `uptime` says whether Signal itself is down, to whoever reads the answer; it is no part of the service
    hosts = sorted({query.hostname for query in records.queries if query.hostname} - {"uptime.signal.org"})
    failures = [failure for host in hosts for _, failure in [records.web(host)] if failure]
    return {
        "signal_backend_status": "blocked" if failures else "ok",
        "signal_backend_failure": failures[0] if failures else None,
    }


_FACEBOOK = {
    "stun.fbsbx.com": "stun",
    "b-api.facebook.com": "b_api",
    "b-graph.facebook.com": "b_graph",
    "edge-mqtt.facebook.com": "edge",
    "external.xx.fbcdn.net": "external_cdn",
    "scontent.xx.fbcdn.net": "scontent_cdn",
    "star.c10r.facebook.com": "star",
}


def _facebook(records: AppRecords) -> OwnKeys:
    keys: dict[str, object] = {}
    resolved = reached = True
    for host, name in _FACEBOOK.items():
        ips = records.addresses(host)
        consistent = records.is_consistent(host)
        keys[f"facebook_{name}_dns_consistent"] = consistent
        resolved = resolved and consistent
        # over UDP nothing is connected to, and where a forged answer leads is no matter of Facebook's
        reachable = records.connected(ips) if consistent and name != "stun" else None
        keys[f"facebook_{name}_reachable"] = reachable
        reached = reached and reachable is not False
    return {**keys, "facebook_dns_blocking": not resolved, "facebook_tcp_blocking": not reached}


def _instagram(records: AppRecords) -> OwnKeys:
    hosts = sorted({query.hostname for query in records.queries if query.hostname})
    return {
        "instagram_endpoints": {
            host: {"status": status, "failure": failure}
            for host in hosts
            for status, failure in [records.web(host)]
        }
    }


OWN_KEYS: Mapping[str, Callable[[AppRecords], OwnKeys]] = {
    "telegram": _telegram,
    "whatsapp": _whatsapp,
    "signal": _signal,
    "facebook_messenger": _facebook,
    "instagram": _instagram,
}
