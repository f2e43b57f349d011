"""Records of the steps of one measurement, in the order in which they came."""

from dataclasses import dataclass, field

from banwatch.formats.ooni import wire
from banwatch.formats.ooni.extensions import Localization, TcpInfoRecord, Throttling
from banwatch.model.follow_up import FOLLOW_UP_TAG
from banwatch.net.seam import Stream
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import Query


@dataclass(slots=True)
class StepRecords:
    """The lists of the test keys."""

    queries: list[Query] = field(default_factory=list)
    service_queries: list[Query] = field(default_factory=list)
    """For `HTTPS` records."""
    tcp_connects: list[wire.TcpConnect] = field(default_factory=list)
    tls_handshakes: list[wire.TlsHandshake] = field(default_factory=list)
    quic_handshakes: list[wire.TlsHandshake] = field(default_factory=list)
    requests: list[wire.HttpTransaction] = field(default_factory=list)
    """The latest first."""
    tcp_infos: list[TcpInfoRecord] = field(default_factory=list)
    throttling: Throttling | None = None
    localizations: list[Localization] = field(default_factory=list)

    def first_page(self) -> wire.HttpTransaction | None:
        """Return the plain request for the input itself."""
        for request in self.requests:
            tags = request.tags or []
            if "depth=0" in tags and not any(tag.startswith(f"{FOLLOW_UP_TAG}=") for tag in tags):
                return request
        return None

    def note_tcp_info(self, stream: Stream, address: str, trace: Trace) -> None:
        """Keep the kernel's facts about a connection, before it is closed."""
        info, ignored = stream.tcp_info(), stream.ignored_packets()
        if info.rtt_ms is not None or ignored is not None:
            self.tcp_infos.append(
                TcpInfoRecord(
                    address=address,
                    transaction_id=trace.transaction_id,
                    rtt_ms=info.rtt_ms,
                    min_rtt_ms=info.min_rtt_ms,
                    retransmits=info.retransmits,
                    bytes_acked=info.bytes_acked,
                    bytes_received=info.bytes_received,
                    segments_ignored=ignored,
                    tags=list(trace.tags),
                )
            )
