"""Inspection of a flow: reads the asker's messages, and finds the rules that match them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from banwatch.lab.censor.flow import Flow
from banwatch.lab.censor.message import (
    ClientHello,
    DnsQuestion,
    HttpRequest,
    read_client_hello_untrusted,
    read_dns_question_untrusted,
    read_http_request_untrusted,
    shape_of,
)
from banwatch.lab.censor.packet import UDP, Packet, transport_checksum_holds
from banwatch.lab.censor.quic import read_initial_untrusted
from banwatch.lab.censor.reassembly import TcpReassembly
from banwatch.lab.censor.rule_set import Candidates, CompiledRule, RuleSet
from banwatch.lab.regime.regime import Parsing
from banwatch.model.errors import WireError

_DATAGRAMS_READ = 4
"""Datagrams read of a flow of an unknown protocol, before its inspection ends."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Message that was read, with the rules that match it in the regime's order."""

    rules: tuple[CompiledRule, ...]
    subject: str
    """Name or address on which the rules matched."""
    question: DnsQuestion | None = None


class Inspector:
    """Reads the packets of flows, and records what they say in the flows."""

    def __init__(self, rules: RuleSet, parsing: Parsing) -> None:
        self._rules = rules
        self._parsing = parsing

    @staticmethod
    def note_question(flow: Flow, packet: Packet) -> None:
        """Record the name of a DNS query that no rule needs, for the truth."""
        with suppress(WireError):
            flow.saw("qname", read_dns_question_untrusted(packet.payload).name)

    def inspect(self, flow: Flow, packet: Packet) -> Iterator[Finding]:
        """Read a packet of the asker; yields each message in it that rules match."""
        payload = packet.payload
        if not payload or (self._parsing.checksums and not transport_checksum_holds(packet)):
            return  # its receiver discards it as well
        flow.payload_packets += 1
        candidates = self._rules.candidates(flow.protocol, flow.far, flow.service_port)
        raw = [ready for ready in candidates.raw if self._matches_raw(ready, flow, packet, payload)]
        if raw:
            yield Finding(tuple(raw), flow.far.hex())
        if not flow.is_read and packet.protocol == UDP:
            yield from self._inspect_datagram(flow, payload, candidates)
        elif not flow.is_read:
            yield from self._inspect_stream(flow, packet, payload, candidates)
        if flow.is_read and flow.payload_packets >= candidates.raw_packets:
            flow.stop_inspecting()

    @staticmethod
    def _matches_raw(ready: CompiledRule, flow: Flow, packet: Packet, payload: bytes) -> bool:
        if ready.matches_bytes(payload, flow.payload_packets):
            return True
        return flow.payload_packets == 1 and ready.matches_shape(shape_of(payload, packet.protocol == UDP))

    def _inspect_datagram(self, flow: Flow, payload: bytes, candidates: Candidates) -> Iterator[Finding]:
        if flow.service_port == 53 or candidates.dns:
            try:
                question = read_dns_question_untrusted(payload)
            except WireError:
                return
            flow.saw("qname", question.name)
            rules = tuple(ready for ready in candidates.dns if ready.matches_dns(question))
            if rules:
                yield Finding(rules, question.name, question)
            return
        if flow.service_port == 443 or candidates.quic:
            try:
                flow.initial, initial = read_initial_untrusted(flow.initial, payload)
            except WireError:
                initial = None
            if initial is not None:
                flow.is_read = True
                name = initial.hello.server_name if initial.hello else None
                if name:
                    flow.saw("sni", name)
                rules = tuple(ready for ready in candidates.quic if ready.matches_quic(initial.version, name))
                if rules:
                    yield Finding(rules, name or flow.far.hex())
                return
        if flow.payload_packets >= _DATAGRAMS_READ * (1 + (flow.initial is not None)):
            flow.is_read = True

    def _inspect_stream(
        self, flow: Flow, packet: Packet, payload: bytes, candidates: Candidates
    ) -> Iterator[Finding]:
        if flow.reassembly is None:  # the start of the connection was not seen
            flow.reassembly = TcpReassembly(packet.seq)
        reassembly = flow.reassembly
        if not reassembly.feed(packet.seq, payload):
            return
        while not flow.is_read and len(reassembly.data) > reassembly.start:
            try:
                found = _read_message(bytes(reassembly.data[reassembly.start :]), flow.service_port)
            except WireError:
                flow.is_read = True
                return
            if found is None:
                if reassembly.is_full:
                    flow.is_read = True
                return
            message, needed, size = found
            segments = reassembly.segments_up_to(reassembly.start + needed)
            rules, name = _matching(message, candidates, flow)
            reassembly.skip(reassembly.start + size)
            if isinstance(message, ClientHello) or reassembly.is_full:
                flow.is_read = True
            elif isinstance(message, HttpRequest) and not candidates.http:
                flow.is_read = True  # the truth has its first name, and no rule needs another
            able = tuple(
                ready for ready in rules if ready.rule.reassembly is None or segments <= ready.rule.reassembly
            )
            if able:
                yield Finding(able, name, message if isinstance(message, DnsQuestion) else None)


def _read_message(data: bytes, port: int) -> tuple[DnsQuestion | ClientHello | HttpRequest, int, int] | None:
    """Read the next message of a connection: message, bytes up to the end of its name, and size."""
    if port == 53:
        size = 2 + int.from_bytes(data[:2], "big")
        if len(data) < max(size, 2):
            return None
        question = read_dns_question_untrusted(data[2:size])
        return question, 2 + 12 + len(question.section), size
    if data[0] == 0x16:
        hello = read_client_hello_untrusted(data)
        return None if hello is None else (hello, hello.needed, hello.size)
    request = read_http_request_untrusted(data)
    return None if request is None else (request, request.needed, request.size)


def _matching(
    message: DnsQuestion | ClientHello | HttpRequest, candidates: Candidates, flow: Flow
) -> tuple[list[CompiledRule], str]:
    if isinstance(message, DnsQuestion):
        flow.saw("qname", message.name)
        return [ready for ready in candidates.dns if ready.matches_dns(message)], message.name
    if isinstance(message, ClientHello):
        if message.server_name:
            flow.saw("sni", message.server_name)
        rules = [ready for ready in candidates.tls if ready.matches_tls(message)]
        return rules, message.server_name or flow.far.hex()
    if message.host:
        flow.saw("host", message.host)
    return [ready for ready in candidates.http if ready.matches_http(message)], message.host or flow.far.hex()
