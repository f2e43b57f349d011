"""Censor of one tier under one regime: decides about every packet."""

from banwatch.lab.censor.action import DROP, PASS, Action, Direction, Forward
from banwatch.lab.censor.enforcer import Enforcer
from banwatch.lab.censor.flow import Flow
from banwatch.lab.censor.fragments import Fragments
from banwatch.lab.censor.inspector import Finding, Inspector
from banwatch.lab.censor.packet import ACK, FIN, RST, SYN, TCP, UDP, Packet, read_packet_untrusted
from banwatch.lab.censor.reassembly import TcpReassembly
from banwatch.lab.censor.residual import Residuals
from banwatch.lab.censor.rule_set import CompiledRule, RuleSet
from banwatch.lab.regime.effect import Way
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.rule import Placement
from banwatch.lab.regime.tier import Tier
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.model.errors import WireError

_FLOW_LIMIT = (
    50_000  # of one protocol, some 30 MB; past it the oldest flow is written to the truth and dropped
)
_FRESH_S = 5.0
"""Time after its last packet in which a flow of any protocol is still open."""


class Censor:
    """Maps packets to actions. All state is in the flows, and every packet gets exactly one answer.

    Args:
        regime: what is done to whom.
        tier: whose packets these are.
        seed: of every probability.
    """

    def __init__(self, regime: Regime, tier: Tier, *, seed: int = 0) -> None:
        self._tier = tier
        self._reads_fragments = regime.parsing.fragments
        self._rules = RuleSet(regime, tier, seed)
        self._inspector = Inspector(self._rules, regime.parsing)
        self._enforcer = Enforcer(tier, seed)
        self._residuals = Residuals()
        self._fragments = Fragments()
        self._flows: dict[int, dict[bytes, Flow]] = {TCP: {}, UDP: {}}
        self._ended: list[FlowTruth] = []

    def handle_packet(self, packet: bytes, direction: Direction, now_s: float) -> tuple[Action, ...]:
        """Decide about a packet.

        Args:
            packet: a whole IP packet.
            direction: which way it travels.
            now_s: lab time in seconds since 1970.

        Returns:
            Actions in the order of sending; `PASS` itself for an unchanged packet, `DROP` for none.
        """
        # Fast path: an unfragmented IPv4 packet without options, of a flow without effects; it has no
        # payload, or nothing more is read of its flow.
        if len(packet) >= 40 and packet[0] == 0x45 and not packet[6] & 0x3F and not packet[7]:
            table = self._flows.get(packet[9])
            if table is not None:
                if direction:
                    flow = table.get(packet[16:20] + packet[12:16] + packet[22:24] + packet[20:22])
                else:
                    flow = table.get(packet[12:24])
                if (
                    flow is not None
                    and flow.is_free
                    and flow.epoch == self._rules.epoch
                    and 0.0 <= now_s - flow.last_s < _FRESH_S
                    and now_s < self._rules.valid_until_s
                    and (
                        (flow.is_done and (packet[9] == UDP or not packet[33] & (SYN | FIN | RST)))
                        or (packet[9] == TCP and _is_empty_reply(packet))
                    )
                ):
                    flow.last_s = now_s
                    return PASS
        try:
            read = read_packet_untrusted(packet)
        except WireError:
            return DROP  # no router would carry it, and no receiver take it
        if read.is_fragment:
            return self._handle_fragment(read, direction, now_s)
        return self._handle(read, direction, now_s)

    def _handle_fragment(self, piece: Packet, direction: Direction, now_s: float) -> tuple[Action, ...]:
        if not self._reads_fragments:
            # A censor without reassembly reads the first fragment as far as it goes, and passes the others.
            return PASS if piece.fragment_offset else self._handle(piece, direction, now_s)
        whole = self._fragments.feed(piece, now_s)
        if whole is None:
            return DROP  # held until the other fragments have arrived
        datagram, pieces = whole
        try:
            packet = read_packet_untrusted(datagram)
        except WireError:
            return DROP
        actions: list[Action] = []
        for action in self._handle(packet, direction, now_s):
            if isinstance(action, Forward) and not action.packet:
                actions += [Forward(data, action.delay_s) for data in pieces]
            else:
                actions.append(action)
        return tuple(actions)

    def _handle(self, packet: Packet, direction: Direction, now_s: float) -> tuple[Action, ...]:
        self._rules.refresh(now_s)
        if direction is Direction.INBOUND:
            packet = self._enforcer.undivert(packet)
        flow, is_new = self._find_flow(packet, direction, now_s)
        flow.last_s = now_s
        if packet.protocol == TCP and packet.flags & (RST | FIN):
            flow.fins |= 1 << direction
            flow.closed = flow.closed or bool(packet.flags & RST) or flow.fins == 3
        injections: list[Action] = []
        if is_new:
            injections += self._begin(flow, packet, direction, now_s)
        elif flow.repeat and direction is flow.asked:
            injections += self._enforcer.repeat(flow, packet, direction)
        if flow.inspected and packet.protocol == UDP and flow.service_port == 53 and direction is flow.asked:
            self._inspector.note_question(flow, packet)
        elif direction is flow.asked and not flow.inspected:
            for finding in self._inspector.inspect(flow, packet):
                injections += self._fire(finding, flow, packet, direction, now_s)
                if flow.is_under_effect:
                    break
        actions = self._enforcer.let_through(flow, packet, direction, now_s)
        flow.is_free = not flow.is_under_effect
        flow.is_done = flow.inspected and flow.real_answer_passed
        if not injections:
            return actions
        flow.injected += len(injections)
        return (*actions, *injections)

    # -- flows ---------------------------------------------------------------------------------------------

    def _find_flow(self, packet: Packet, direction: Direction, now_s: float) -> tuple[Flow, bool]:
        client, far = packet.source, packet.destination
        client_port, far_port = packet.source_port, packet.destination_port
        if direction is Direction.INBOUND:
            client, far, client_port, far_port = far, client, far_port, client_port
        key = client + far + client_port.to_bytes(2, "big") + far_port.to_bytes(2, "big")
        table = self._flows.setdefault(packet.protocol, {})
        flow = table.get(key)
        if flow is not None:
            if not self._is_over(flow, packet, direction, now_s):
                return flow, False
            self._end(table.pop(key))
        elif len(table) >= _FLOW_LIMIT:
            self._end(table.pop(next(iter(table))))
        flow = Flow(
            protocol=packet.protocol,
            client=client,
            far=far,
            client_port=client_port,
            far_port=far_port,
            asked=direction,
            started_s=now_s,
            last_s=now_s,
            epoch=self._rules.epoch,
            inspected=packet.protocol not in (TCP, UDP),
        )
        if packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN:
            flow.syn_seq = packet.seq
            flow.reassembly = TcpReassembly((packet.seq + 1) % 2**32)
        table[key] = flow
        return flow, True

    def _is_over(self, flow: Flow, packet: Packet, direction: Direction, now_s: float) -> bool:
        """Whether a packet with a flow's five-tuple begins another flow."""
        if not 0 <= now_s - flow.last_s <= flow.idle_limit_s():
            return True
        if packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN:
            return direction is not flow.asked or flow.syn_seq != packet.seq
        # A change of the rules in force applies to existing flows, too. The asking side is unknown then; the
        # client is the likelier one.
        return flow.epoch != self._rules.epoch and direction is Direction.OUTBOUND

    def end_idle_flows(self, now_s: float) -> list[FlowTruth]:
        """Remove flows that are over; returns their truth."""
        for table in self._flows.values():
            for key in [k for k, f in table.items() if not 0 <= now_s - f.last_s <= f.idle_limit_s()]:
                self._end(table.pop(key))
        ended, self._ended = self._ended, []
        return ended

    def end_all_flows(self) -> list[FlowTruth]:
        """Remove every flow; returns their truth."""
        for table in self._flows.values():
            for flow in table.values():
                self._end(flow)
            table.clear()
        ended, self._ended = self._ended, []
        return ended

    def _end(self, flow: Flow) -> None:
        self._ended.append(flow.truth(self._tier.name))
        self._enforcer.forget(flow)

    # -- rules ---------------------------------------------------------------------------------------------

    def _begin(self, flow: Flow, packet: Packet, direction: Direction, now_s: float) -> list[Action]:
        """Apply to a new flow the rules about its destination, and residual blocking."""
        found = self._residuals.find(flow, now_s)
        if found is not None:
            flow.until_s = found.until_s
            effects = found.residual.effects
            if found.rule.placement is Placement.ON_PATH and packet.protocol == TCP:
                # An on-path censor cannot prevent a connection; it ends one as soon as that is established.
                flow.rule_id, flow.repeat = found.rule.rule_id, effects
                flow.mechanism = found.residual.mechanism or found.rule.mechanism
                return []
            flow.mechanism = found.residual.mechanism or found.rule.mechanism
            return self._enforcer.apply(effects, found.rule, flow, packet, direction, None)
        at_once = self._rules.candidates(flow.protocol, flow.far, flow.service_port).at_once
        return self._fire(Finding(at_once, flow.far.hex()), flow, packet, direction, now_s) if at_once else []

    def _fire(
        self, finding: Finding, flow: Flow, packet: Packet, direction: Direction, now_s: float
    ) -> list[Action]:
        """Apply every rule of a finding, up to and including the first in-path one."""
        actions: list[Action] = []
        for ready in finding.rules:
            rule = ready.rule
            if not _watches(ready, direction) or not ready.sees(packet):
                continue
            if not self._rules.draw(rule, finding.subject, now_s):
                continue
            if rule.residual:
                self._residuals.remember(rule, rule.residual, flow, now_s)
            actions += self._enforcer.apply(rule.effects, rule, flow, packet, direction, finding.question)
            if rule.placement is Placement.IN_PATH:
                break
        return actions


def _is_empty_reply(packet: bytes) -> bool:
    """Whether an IPv4 TCP segment without IP options carries nothing, and begins or ends nothing."""
    flags = packet[33] & (SYN | FIN | RST | ACK)
    has_payload = (packet[2] << 8 | packet[3]) != 20 + (packet[32] >> 4) * 4
    return not has_payload and (flags == ACK or flags == SYN | ACK)


def _watches(ready: CompiledRule, direction: Direction) -> bool:
    way = ready.rule.way
    return way is Way.BOTH or (way is Way.OUTBOUND) == (direction is Direction.OUTBOUND)
