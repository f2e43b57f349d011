"""Worker process: a Python module in a process of its own that reads lines and reports lines.

The parent holds a `WorkerProcess`; the module that runs in it calls `prepare_worker` and `write_line`.
"""

import contextlib
import gc
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from typing import NoReturn

_END_GRACE_S = 5.0
"""Time that workers have to end after a SIGTERM: a lab in one takes up to half a second to stop."""
_READ_BYTES = 1 << 16


class WorkerProcess:
    """A worker, seen from its parent.

    Args:
        module: name of the module that the worker runs.
    """

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._incomplete = b""

    def fileno(self) -> int:
        """Return the descriptor of the worker's reports."""
        assert self._process.stdout is not None  # a pipe was asked for
        return self._process.stdout.fileno()

    def send_line(self, line: bytes) -> None:
        """Send a line, which must hold no line feed."""
        assert self._process.stdin is not None  # a pipe was asked for
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def close_input(self) -> None:
        """Close the worker's input, so that it ends after its last line."""
        assert self._process.stdin is not None  # a pipe was asked for
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def read_lines(self) -> list[bytes] | None:
        """Read the lines that the worker has reported since; None at the end of its reports."""
        data = os.read(self.fileno(), _READ_BYTES)
        if not data:
            return None
        *lines, self._incomplete = (self._incomplete + data).split(b"\n")
        return lines

    def wait(self) -> int:
        """Wait for the worker's end; returns its exit code."""
        return self._process.wait()

    def request_end(self) -> None:
        """Ask the worker to end: close its input, and send SIGTERM where it still runs."""
        self.close_input()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait_or_kill(self, timeout_s: float) -> None:
        """Wait for the worker's end, and kill it after a time; its pipe is closed."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None  # a pipe was asked for
        self._process.stdout.close()


def end_workers(workers: Iterable[WorkerProcess]) -> None:
    """End workers together: politely, and by force after five seconds. Labs end with their workers."""
    workers = list(workers)
    for worker in workers:
        worker.request_end()
    deadline = time.monotonic() + _END_GRACE_S
    for worker in workers:
        worker.wait_or_kill(max(0.1, deadline - time.monotonic()))


class WorkerSelector:
    """Waits for reports of several workers at once."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, worker: WorkerProcess) -> None:
        """Wait for a worker's reports, too."""
        self._selector.register(worker, selectors.EVENT_READ)

    def remove(self, worker: WorkerProcess) -> None:
        """Wait for a worker's reports no longer."""
        self._selector.unregister(worker)

    def wait(self) -> Iterator[WorkerProcess]:
        """Wait for reports; yields the workers that have some, and none when no worker is left."""
        if self._selector.get_map():
            for key, _ in self._selector.select():
                worker = key.fileobj
                assert isinstance(worker, WorkerProcess)  # nothing else is registered
                yield worker

    def __bool__(self) -> bool:
        return bool(self._selector.get_map())

    def close(self) -> None:
        """Close the selector; the workers stay as they are."""
        self._selector.close()


def prepare_worker() -> None:
    """Make this process a worker: only its parent ends it, and its imports stay shared with its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends the workers in order
    signal.signal(signal.SIGTERM, _exit)
    gc.freeze()  # a collection would write to the pages of imported modules, and so copy them


def write_line(line: bytes) -> None:
    """Report a line; one shorter than PIPE_BUF never mixes with a line of another process."""
    os.write(1, line + b"\n")


def _exit(signum: int, frame: object) -> NoReturn:
    sys.exit(128 + signum)
