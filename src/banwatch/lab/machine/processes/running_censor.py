"""Censor of a running lab, seen from the process that started it: start, flush, check, stop."""

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any

from banwatch.lab.machine.processes.censor_process import LabSettings, run_first_process
from banwatch.lab.machine.processes.lab_process import (
    ChildSubreaper,
    NamespaceFds,
    close_in_children,
    keep_in_children,
    signals_blocked,
)
from banwatch.model.errors import BanwatchError

START_LIMIT_S = 60.0
"""Namespaces take 0.2 s and a world takes 1 s; a busy machine may take long."""
_STOP_LIMIT_S = 10.0
_MESSAGE_BYTES = 65_536


class RunningCensor:
    """The censor's process and its namespaces. It ends when its control socket is closed."""

    def __init__(self) -> None:
        self.ipv6 = False
        """Whether the client has IPv6: its tier says so, and the machine can."""
        self.failure_reported = False
        """Whether an error of `ended` has been made, and so reaches the caller."""
        self._control: socket.socket | None = None
        self._is_subreaper = False
        self.pid = 0
        self._fds: list[int] = []

    def start(self, settings: LabSettings) -> None:
        """Start the censor, and wait until its network is ready.

        Raises:
            BanwatchError: the machine does not allow it, the censor failed, or a minute has passed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        close_in_children(ours)
        with signals_blocked():
            ChildSubreaper.begin()
            self._is_subreaper = True
            first = os.fork()
            if first == 0:
                run_first_process(settings, theirs)
            theirs.close()
            os.waitpid(first, 0)  # it ends as soon as it has forked the censor, which is our child then
        ours.settimeout(START_LIMIT_S)
        try:
            self._await_ready(ours)
        except TimeoutError as error:
            raise BanwatchError(
                f"The lab's network was not ready after {START_LIMIT_S:.0f} s",
                "Try again; the machine is busy",
            ) from error

    def _await_ready(self, control: socket.socket) -> None:
        """Receive the process id from the first process, and from the censor that it is ready."""
        is_ready = False
        while not (is_ready and self.pid):
            message, fds, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 8)
            self._fds += fds
            answer = json.loads(message) if message else {}
            if "pid" in answer:
                self.pid = answer["pid"]
            elif "ready" in answer:
                is_ready, self.ipv6 = True, bool(answer["ipv6"])
            else:
                raise self.ended(answer)

    @property
    def client_namespaces(self) -> NamespaceFds:
        """Namespaces of programs that run as the client."""
        return NamespaceFds(user=self._user, pid=self._fds[0], network=self._fds[1], mounts=self._fds[3])

    @property
    def world_namespaces(self) -> NamespaceFds:
        """Namespaces of the world's server."""
        return NamespaceFds(user=self._user, pid=self._fds[0], network=self._fds[2], mounts=None)

    @property
    def _user(self) -> int | None:
        return self._fds[4] if len(self._fds) > 4 else None

    @property
    def control(self) -> socket.socket | None:
        """The control socket, readable when the censor has ended; None before `start` and after `stop`."""
        return self._control

    def flush(self) -> None:
        """Have the censor write the truth of every flow so far, and drop its state."""
        if self._control is None:
            raise RuntimeError("the lab has not been entered")
        self._control.settimeout(_STOP_LIMIT_S)
        self._control.send(b"flush")
        answer = self._control.recv(_MESSAGE_BYTES)
        if not answer or "error" in json.loads(answer):
            raise self.ended(json.loads(answer) if answer else {})

    def check(self) -> None:
        """Raise a BanwatchError if the censor has ended."""
        if self._control is not None:
            readable, _, _ = select.select([self._control], [], [], 0)
            if readable:
                message = self._control.recv(_MESSAGE_BYTES)
                raise self.ended(json.loads(message) if message else {})

    def stop(self) -> dict[str, Any]:
        """End the censor; returns its last message, `{}` where it sent none."""
        answer: dict[str, Any] = {}
        if self._control:
            with contextlib.suppress(OSError):
                self._control.settimeout(_STOP_LIMIT_S)
                self._control.send(b"stop")
                message = self._control.recv(_MESSAGE_BYTES)
                answer = json.loads(message) if message else {}
            keep_in_children(self._control)
            self._control.close()
            self._control = None
        for fd in self._fds:
            os.close(fd)
        self._fds = []
        if self.pid:
            _wait_or_kill(self.pid)
            self.pid = 0
        if self._is_subreaper:
            ChildSubreaper.end()
            self._is_subreaper = False
        return answer

    def ended(self, answer: dict[str, Any]) -> BanwatchError:
        """Make the error that the censor has ended.

        Args:
            answer: the censor's last message.
        """
        self.failure_reported = True
        error = answer.get("error") or {
            "what": "The lab's censor ended unexpectedly: nothing passes it any more",
            "do": "It was killed, or memory ran out; run it again",
        }
        return BanwatchError(error["what"], error["do"])


def _wait_or_kill(pid: int) -> None:
    deadline = time.monotonic() + _STOP_LIMIT_S
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.002)
