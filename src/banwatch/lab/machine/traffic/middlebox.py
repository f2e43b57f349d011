"""Middlebox between client and world: carries packets along the path and past the censor."""

import json
import select
import socket
import time

from banwatch.lab.censor.action import PASS, Action, Direction, Forward
from banwatch.lab.censor.censor import Censor
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.traffic.links import Link
from banwatch.lab.machine.traffic.path_model import DelayLine, PathModel
from banwatch.lab.machine.traffic.pcap import PcapWriter
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.lab.truth.truth_file import TruthWriter

_SWEEP_EVERY_S = 2.0  # real time between two writes of ended flows to the truth, while packets move


class Middlebox:
    """Two links, a path, a censor, and the packets on their way.

    Args:
        client: link to the client's namespace.
        world: link to the world's namespace.
        censor: censor that decides about each packet.
        path: delays and losses between the two.
        clock: the lab's time.
        control: socket to the lab's parent; the lab ends when it is closed.
        truth: file for finished flows; None for none.
        pcap: capture of every packet that either side sees; None for none.
    """

    def __init__(
        self,
        client: Link,
        world: Link,
        censor: Censor,
        path: PathModel,
        clock: LabClock,
        control: socket.socket,
        truth: TruthWriter | None,
        pcap: PcapWriter | None,
    ) -> None:
        self._censor = censor
        self._path = path
        self._clock = clock
        self._control = control
        self._truth = truth
        self._pcap = pcap
        self._ends = ((client, Direction.OUTBOUND), (world, Direction.INBOUND))
        self._outs = {Direction.OUTBOUND: world, Direction.INBOUND: client}
        self._line = DelayLine()
        self._next_sweep_s = 0.0

    def run(self) -> None:
        """Carry packets until the parent sends `stop` or has ended."""
        control = self._control.fileno()
        links = {link.fileno(): (link, direction) for link, direction in self._ends}
        fds = (*links, control)
        plain = self._path.is_plain
        while True:
            # select takes microseconds, where epoll and poll round a wait up to whole milliseconds.
            next_s = self._line.next_s
            timeout_s = None if next_s is None else max(0.0, next_s - time.monotonic())
            ready, _, _ = select.select(fds, (), (), timeout_s)
            for fd in ready:
                if fd == control:
                    if not self._obey():
                        return
                    continue
                link, direction = links[fd]
                if plain:
                    self._carry_plainly(link, direction)
                else:
                    self._carry(link, direction)
            if next_s is not None:
                self._deliver_due()
            self._sweep()

    def pump(self) -> None:
        """Carry the packets that wait on both links or are due: for links without descriptors."""
        for link, direction in self._ends:
            if self._path.is_plain:
                self._carry_plainly(link, direction)
            else:
                self._carry(link, direction)
        self._deliver_due()

    def _carry_plainly(self, link: Link, direction: Direction) -> None:
        """Carry packets where the path adds nothing: the common case, kept short."""
        packets = link.read()
        now_s = self._clock.now_s()
        handle = self._censor.handle_packet
        write = self._outs[direction].write
        pcap = self._pcap
        for packet in packets:
            actions = handle(packet, direction, now_s)
            if pcap:
                pcap.arrived(packet, direction, now_s)
            if actions is PASS:
                write(packet)
                if pcap:
                    pcap.left(packet, direction, now_s)
            else:
                for data, way, delay_s in _outgoing(actions, packet, direction):
                    if delay_s > 0:
                        self._line.put(time.monotonic() + delay_s, way, False, data)
                    else:
                        self._write(way, data, now_s)

    def _write(self, direction: Direction, packet: bytes, now_s: float) -> None:
        self._outs[direction].write(packet)
        if self._pcap:
            self._pcap.left(packet, direction, now_s)

    # -- a path with delay ---------------------------------------------------------------------------------

    def _carry(self, link: Link, direction: Direction) -> None:
        """Start an end's packets on their way to the censor."""
        now = time.monotonic()
        path = self._path
        opposite = Direction(1 - direction)
        for packet in link.read():
            if self._pcap:
                self._pcap.arrived(packet, direction, self._clock.now_s())
            sent = path.arrival_s(direction, len(packet), now)
            if sent is None or path.is_lost():
                continue
            leg = path.reach_censor(packet, direction)
            share = path.near_share() if direction is Direction.OUTBOUND else 1 - path.near_share()
            if leg.packet is not None:
                self._put(sent + path.delay_s(share), direction, True, leg.packet)
            elif leg.reply is not None:
                self._put(sent + 2 * path.delay_s(leg.share_of_path), opposite, False, leg.reply)

    def _put(self, due_s: float, direction: Direction, at_censor: bool, packet: bytes) -> None:
        self._line.put(due_s, direction, at_censor, packet)
        if due_s <= time.monotonic():
            self._deliver_due()

    def _deliver_due(self) -> None:
        for direction, at_censor, packet in self._line.take_due(time.monotonic()):
            now_s = self._clock.now_s()
            if not at_censor:
                self._write(direction, packet, now_s)
                continue
            for data, way, delay_s in _outgoing(
                self._censor.handle_packet(packet, direction, now_s), packet, direction
            ):
                self._leave(data, way, delay_s)

    def _leave(self, packet: bytes, direction: Direction, delay_s: float) -> None:
        path = self._path
        leg = path.leave_censor(packet, direction)
        now = time.monotonic() + delay_s
        share = path.near_share() if direction is Direction.INBOUND else 1 - path.near_share()
        if leg.packet is not None:
            self._line.put(now + path.delay_s(share), direction, False, leg.packet)
        elif leg.reply is not None:
            back = 2 * leg.share_of_path
            near = path.near_share() if direction is Direction.OUTBOUND else 1 - path.near_share()
            self._line.put(now + path.delay_s(near + back), Direction(1 - direction), False, leg.reply)

    # -- the truth -----------------------------------------------------------------------------------------

    def _sweep(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep_s:
            self._next_sweep_s = now + _SWEEP_EVERY_S
            self._write_truth(self._censor.end_idle_flows(self._clock.now_s()))

    def _write_truth(self, flows: list[FlowTruth]) -> None:
        if self._truth:
            self._truth.write(flows)

    def _obey(self) -> bool:
        """Handle a message of the parent; returns whether to continue."""
        message = self._control.recv(4096)
        self._write_truth(self._censor.end_all_flows())
        if message == b"flush":
            self._control.send(json.dumps({"flushed": True}).encode())
            return True
        if self._truth:
            self._truth.close()
        if self._pcap:
            self._pcap.close()
        if message == b"stop":
            self._control.send(json.dumps({"stopped": True}).encode())
        return False


def _outgoing(
    actions: tuple[Action, ...], packet: bytes, direction: Direction
) -> list[tuple[bytes, Direction, float]]:
    return [
        (action.packet or packet, direction, action.delay_s)
        if isinstance(action, Forward)
        else (action.packet, action.direction, action.delay_s)
        for action in actions
    ]
