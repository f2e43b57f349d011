"""Enforcement of rules: packets injected at once, and effects on a flow's later packets."""

from collections.abc import Sequence

from banwatch.lab.censor.action import DROP, PASS, Action, Direction, Forward, Inject
from banwatch.lab.censor.flow import Flow
from banwatch.lab.censor.forge import (
    answer_and_close,
    dns_replies,
    finishes,
    http_response,
    resets,
    tls_alert,
    to_asker,
    unreachable,
)
from banwatch.lab.censor.message import DnsQuestion
from banwatch.lab.censor.packet import FIN, RST, SYN, TCP, UDP, Packet, read_packet_untrusted, readdressed
from banwatch.lab.censor.token_bucket import TokenBucket
from banwatch.lab.regime.effect import (
    Divert,
    Drop,
    Effect,
    Finish,
    ForgeDns,
    Freeze,
    HttpPage,
    IcmpUnreachable,
    Reset,
    Throttle,
    TlsAlert,
    Way,
)
from banwatch.lab.regime.rule import Placement, Rule
from banwatch.lab.regime.tier import Tier

_REPEAT_LIMIT = 64
"""Most injections that one flow can cause: two confused ends must not make the censor send for ever."""


class Enforcer:
    """Applies effects to flows; the state of an effect is kept in its flow."""

    def __init__(self, tier: Tier, seed: int) -> None:
        self._path = tier.path
        self._seed = seed
        self._returns: dict[tuple[int, bytes, int, int], tuple[bytes, int]] = {}
        """Original destination of diverted flows, by protocol, address and ports of their answers."""

    def apply(
        self,
        effects: tuple[Effect, ...],
        rule: Rule,
        flow: Flow,
        packet: Packet,
        direction: Direction,
        question: DnsQuestion | None,
    ) -> list[Action]:
        """Start effects on a flow; returns the packets injected at once."""
        if flow.rule_id is None:
            flow.rule_id, flow.mechanism = rule.rule_id, flow.mechanism or rule.mechanism
            flow.real_answer_passed = False
        in_path = rule.placement is Placement.IN_PATH
        actions: list[Action] = []
        for effect in effects:
            if isinstance(effect, Reset) and effect.after_handshake and packet.flags & SYN:
                flow.repeat = effects
                continue
            actions += self._inject(effect, flow, packet, direction, question, delivered=not in_path)
            if isinstance(effect, Drop):
                flow.drop_outbound |= effect.way is not Way.INBOUND
                flow.drop_inbound |= effect.way is not Way.OUTBOUND
                flow.drop_after = effect.after_packets
            elif isinstance(effect, Throttle):
                if effect.way is not Way.INBOUND:
                    flow.bucket_outbound = TokenBucket(effect)
                if effect.way is not Way.OUTBOUND:
                    flow.bucket_inbound = TokenBucket(effect)
            elif isinstance(effect, Freeze):
                flow.freeze_after = effect.after_bytes
            elif isinstance(effect, Divert):
                self._divert(effect, flow)
            elif isinstance(effect, ForgeDns) and packet.protocol == UDP:
                flow.drop_this |= in_path and question is not None
            elif in_path:
                flow.drop_outbound = flow.drop_inbound = True
                flow.repeat = effects
                flow.finished |= isinstance(effect, (HttpPage, TlsAlert, Finish, ForgeDns))
        if flow.drop_outbound or flow.drop_inbound:
            flow.stop_inspecting()
        return actions

    def _inject(
        self,
        effect: Effect,
        flow: Flow,
        packet: Packet,
        direction: Direction,
        question: DnsQuestion | None,
        *,
        delivered: bool,
    ) -> Sequence[Inject]:
        if isinstance(effect, ForgeDns):
            if question is None:
                return ()
            return dns_replies(effect, question, packet, direction, delivered=delivered, seed=self._seed)
        if isinstance(effect, IcmpUnreachable):
            return (unreachable(effect, packet, direction, self._router(packet)),)
        if packet.protocol != TCP or packet.flags & RST:
            return ()
        if isinstance(effect, Reset):
            return resets(effect, packet, direction, delivered=delivered)
        if isinstance(effect, Finish):
            return finishes(effect, packet, direction, delivered=delivered)
        if isinstance(effect, (HttpPage, TlsAlert)) and not packet.flags & SYN:
            data = http_response(effect) if isinstance(effect, HttpPage) else tls_alert(effect)
            ttl = effect.ttl if isinstance(effect, HttpPage) else None
            expected = flow.reassembly.next_seq if flow.reassembly else None
            return answer_and_close(data, packet, direction, delivered=delivered, ttl=ttl, expected=expected)
        return ()

    def _router(self, packet: Packet) -> bytes:
        """Return the sender of ICMP errors: the censor's own hop, or else the destination."""
        hops = self._path.hops if packet.version == 4 else self._path.hops6
        return hops[min(self._path.censor_hop, len(hops)) - 1].packed if hops else packet.destination

    def repeat(self, flow: Flow, packet: Packet, direction: Direction) -> list[Action]:
        """Answer a packet that the asker sends on a flow which the censor has ended."""
        if flow.repeats >= _REPEAT_LIMIT or packet.flags & RST:
            return []
        if flow.finished:
            if not packet.flags & FIN:
                return []
            flow.repeats += 1
            return [to_asker(packet, direction, RST)]  # frees the asker's half-closed connection
        in_path = flow.drop_outbound or flow.drop_inbound
        if packet.protocol == TCP:
            if in_path and not packet.payload and not packet.flags & SYN:
                return []  # a bare acknowledgement needs no answer
            if not in_path and packet.flags & SYN:
                return []
        flow.repeats += 1
        return [
            action
            for effect in flow.repeat
            for action in self._inject(effect, flow, packet, direction, None, delivered=not in_path)
        ]

    def let_through(
        self, flow: Flow, packet: Packet, direction: Direction, now_s: float
    ) -> tuple[Action, ...]:
        """Decide whether and when a flow's packet goes on."""
        if flow.until_s is not None and now_s >= flow.until_s:
            flow.release()
        outbound = direction is Direction.OUTBOUND
        delay_s = self._delay_s(flow, packet, direction, now_s)
        if delay_s is None:
            flow.dropped += 1
            return DROP
        if delay_s > 0:
            flow.delayed += 1
        if direction is not flow.asked and packet.end > packet.payload_start:
            flow.real_answer_passed = True
        if flow.diverted is not None and outbound:
            address, port = flow.diverted
            return (Forward(readdressed(packet, destination=address, destination_port=port), delay_s),)
        if packet.was_rewritten:
            return (Forward(packet.data, delay_s),)
        return (Forward(b"", delay_s),) if delay_s else PASS

    @staticmethod
    def _delay_s(flow: Flow, packet: Packet, direction: Direction, now_s: float) -> float | None:
        """Return how long a packet has to wait; None where it is dropped."""
        if flow.drop_this:
            flow.drop_this = False
            return None
        outbound = direction is Direction.OUTBOUND
        if flow.drop_outbound if outbound else flow.drop_inbound:
            if flow.drop_after <= 0:
                return None
            flow.drop_after -= 1
        if flow.freeze_after is not None:
            if direction is not flow.asked:
                flow.frozen_bytes += packet.end - packet.payload_start
            if flow.frozen_bytes > flow.freeze_after:
                return None
        bucket = flow.bucket_outbound if outbound else flow.bucket_inbound
        return 0.0 if bucket is None else bucket.delay_s(packet.end, now_s)

    def _divert(self, effect: Divert, flow: Flow) -> None:
        address = next((a.packed for a in effect.address if len(a.packed) == len(flow.far)), None)
        if address is None or flow.protocol not in (TCP, UDP) or flow.asked is not Direction.OUTBOUND:
            return
        port = effect.port or flow.far_port
        flow.diverted = (address, port)
        self._returns[(flow.protocol, address, port, flow.client_port)] = (flow.far, flow.far_port)

    def undivert(self, packet: Packet) -> Packet:
        """Rewrite an answer to a diverted flow so that it comes from the address that the client asked."""
        if not self._returns:
            return packet
        key = (packet.protocol, packet.source, packet.source_port, packet.destination_port)
        asked = self._returns.get(key)
        if asked is None:
            return packet
        rewritten = read_packet_untrusted(readdressed(packet, source=asked[0], source_port=asked[1]))
        rewritten.was_rewritten = True
        return rewritten

    def forget(self, flow: Flow) -> None:
        """Remove the state of a flow that is over."""
        if flow.diverted:
            address, port = flow.diverted
            self._returns.pop((flow.protocol, address, port, flow.client_port), None)
