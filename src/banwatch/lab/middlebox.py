"""The process between client and world: carries packets past the censor, and its actions out."""

import heapq
import json
import select
import socket
import time

from banwatch.lab.censor.action import PASS, Action, Direction, Forward
from banwatch.lab.censor.censor import Censor
from banwatch.lab.clock import LabClock
from banwatch.lab.links import Link
from banwatch.lab.pcap import PcapWriter
from banwatch.lab.truth import TruthWriter

_SWEEP_EVERY_S = 2.0  # of real time, while packets move: how often ended flows are written to the truth


class Middlebox:
    """Two links, a censor, and what is still to be sent.

    Args:
        client: link to the client's namespace.
        world: link to the world's namespace.
        censor: decides about each packet.
        clock: the lab's time.
        control: socket to the lab's parent; its end is the lab's end.
        truth: where finished flows are written; None for nowhere.
        pcap: where every packet that either side sees is written; None for nowhere.
    """

    def __init__(
        self,
        client: Link,
        world: Link,
        censor: Censor,
        clock: LabClock,
        control: socket.socket,
        truth: TruthWriter | None,
        pcap: PcapWriter | None,
    ) -> None:
        self._censor = censor
        self._clock = clock
        self._control = control
        self._truth = truth
        self._pcap = pcap
        self._links = {
            client.fileno(): (client, Direction.OUTBOUND),
            world.fileno(): (world, Direction.INBOUND),
        }
        self._outs = {Direction.OUTBOUND: world, Direction.INBOUND: client}
        self._due: list[tuple[float, int, Direction, bytes]] = []
        self._sent = 0
        self._next_sweep_s = 0.0

    def run(self) -> None:
        """Carry packets until the parent says stop or is gone."""
        epoll = select.epoll()
        for fd in (*self._links, self._control.fileno()):
            epoll.register(fd, select.EPOLLIN)
        control = self._control.fileno()
        links = self._links
        while True:
            timeout_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            for fd, _ in epoll.poll(timeout_s):
                if fd == control:
                    if not self._obey():
                        return
                    continue
                link, direction = links[fd]
                packets = link.read()
                now_s = self._clock.now_s()
                handle = self._censor.handle_packet
                write = self._outs[direction].write
                for packet in packets:
                    actions = handle(packet, direction, now_s)
                    if self._pcap:
                        self._pcap.arrived(packet, direction, now_s)
                    if actions is PASS:
                        write(packet)
                        if self._pcap:
                            self._pcap.left(packet, direction, now_s)
                    else:
                        self._carry_out(actions, packet, direction, now_s)
            if self._due:
                self._send_due()
            self._sweep()

    def _carry_out(self, actions: tuple[Action, ...], packet: bytes, way: Direction, now_s: float) -> None:
        for action in actions:
            if isinstance(action, Forward):
                direction, data = way, action.packet or packet
            else:
                direction, data = action.direction, action.packet
            if action.delay_s > 0:
                self._sent += 1
                due = (time.monotonic() + action.delay_s, self._sent, direction, data)
                heapq.heappush(self._due, due)
            else:
                self._write(direction, data, now_s)

    def _write(self, direction: Direction, packet: bytes, now_s: float) -> None:
        self._outs[direction].write(packet)
        if self._pcap:
            self._pcap.left(packet, direction, now_s)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, _, direction, packet = heapq.heappop(self._due)
            self._write(direction, packet, self._clock.now_s())

    def _sweep(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep_s:
            self._next_sweep_s = now + _SWEEP_EVERY_S
            self._write_truth(self._censor.end_idle_flows(self._clock.now_s()))

    def _write_truth(self, records: list[bytes]) -> None:
        if self._truth:
            self._truth.write(records)

    def _obey(self) -> bool:
        message = self._control.recv(4096)
        if message == b"flush":
            self._write_truth(self._censor.end_all_flows())
            if self._truth:
                self._truth.flush()
            self._control.send(json.dumps({"flushed": True}).encode())
            return True
        self._write_truth(self._censor.end_all_flows())
        if self._truth:
            self._truth.close()
        if self._pcap:
            self._pcap.close()
        if message == b"stop":
            self._control.send(json.dumps({"stopped": True}).encode())
        return False
