"""Process in a lab's namespaces: forked from the caller, watched by it, and ended with the lab."""

import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from banwatch.lab.machine.namespaces import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    enter,
    set_child_subreaper,
)
from banwatch.model.errors import BanwatchError

_CHUNK_BYTES = 1 << 16
_control_sockets: set[socket.socket] = set()
"""Control sockets of labs: closing one ends its lab, so no forked child may keep one open."""


def _close_control_sockets() -> None:
    for control in _control_sockets:
        control.close()
    _control_sockets.clear()


os.register_at_fork(after_in_child=_close_control_sockets)


def close_in_children(control: socket.socket) -> None:
    """Have every child that this process forks from now on close a control socket."""
    _control_sockets.add(control)


class ChildSubreaper:
    """Makes orphans of labs children of this process, for as long as any lab of it lasts."""

    _lock = threading.Lock()
    _labs = 0
    _before = False

    @classmethod
    def begin(cls) -> None:
        """Count a lab that begins."""
        with cls._lock:
            cls._labs += 1
            if cls._labs == 1:
                cls._before = set_child_subreaper(True)

    @classmethod
    def end(cls) -> None:
        """Count a lab that ends; after the last one the setting is as before."""
        with cls._lock:
            cls._labs -= 1
            if cls._labs == 0 and not cls._before:
                set_child_subreaper(False)


def keep_in_children(control: socket.socket) -> None:
    """Remove a control socket that is about to be closed."""
    _control_sockets.discard(control)


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Block signals, so that none falls between the fork of a child and the record of its id.

    A child without a record is never waited for, and the lab's first process cannot end before it.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


@dataclass(frozen=True, slots=True)
class NamespaceFds:
    """Namespaces to enter, as open files; None keeps the caller's."""

    user: int | None
    pid: int
    network: int
    mounts: int | None


class LabProcess:
    """Child process in a lab's namespaces. The caller must be a subreaper (`ChildSubreaper`).

    Only a child of a process that has entered a PID namespace is in it. So an intermediate process enters the
    namespace, forks, and ends at once: its child is then the caller's.

    Args:
        namespaces: the namespaces that it runs in.
        work: the function that it runs; `result` returns its pickled result.
        environment: variables that are set in it.
    """

    def __init__(
        self, namespaces: NamespaceFds, work: Callable[[], Any], environment: dict[str, str]
    ) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.exit_code: int | None = None
        self._received = bytearray()
        self._reader, writer = os.pipe()
        pid_reader, pid_writer = os.pipe()
        intermediate = os.fork()
        if intermediate == 0:
            gc.freeze()  # a collection would visit every object of the parent while the work is timed
            os.close(self._reader)
            os.close(pid_reader)
            _enter_and_work(namespaces, work, environment, writer, pid_writer)
        os.close(writer)
        os.close(pid_writer)
        with os.fdopen(pid_reader, "rb") as file:
            pid_text = file.read()
        os.waitpid(intermediate, 0)
        os.set_blocking(self._reader, False)
        if not pid_text:
            os.close(self._reader)
            raise BanwatchError(
                "A process could not enter the lab", "Its standard error says why; run it again"
            )
        self.pid = int(pid_text)

    def fileno(self) -> int:
        """Return a descriptor that is readable when the child has written to its result, or has ended."""
        return self._reader

    def receive(self) -> bool:
        """Read what the child has written so far; returns True when it has closed its end."""
        while True:
            try:
                chunk = os.read(self._reader, _CHUNK_BYTES)
            except BlockingIOError:
                return False
            if not chunk:
                return True
            self._received += chunk

    @property
    def is_ready(self) -> bool:
        """Return whether a long-running child has reported that it is ready."""
        self.receive()
        return self._received.startswith(b"R")

    def poll(self) -> int | None:
        """Return the exit code, None while it runs; 128 + n for signal n, as in a shell."""
        if self.exit_code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # another caller has waited for it
                pid, status = self.pid, 255 << 8
            if pid:
                self._ended(status)
        return self.exit_code

    def _ended(self, status: int) -> None:
        self.receive()
        os.close(self._reader)
        code = os.waitstatus_to_exitcode(status)
        self.exit_code = code if code >= 0 else 128 - code

    def wait(self) -> int:
        """Wait for the process to end; returns the exit code."""
        while self.exit_code is None:
            try:
                self._ended(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:
                self._ended(255 << 8)
        return self.exit_code

    def terminate(self, grace_s: float = 2.0) -> None:
        """Send SIGTERM, and SIGKILL after a time."""
        if self.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while self.poll() is None and time.monotonic() < deadline:
            select.select([self._reader], [], [], 0.02)
            time.sleep(0.005)
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def result(self) -> Any:
        """Return the function's result, once the process has ended; raises its exception."""
        data = bytes(self._received).removeprefix(b"R")
        if not data:
            raise BanwatchError(
                f"A process inside the lab ended with exit code {self.exit_code} and no result",
                "It was killed, or it ended itself; what it wrote to standard error may say why",
            )
        failed, value = pickle.loads(data)
        if failed:
            raise value
        return value


def _enter_and_work(
    namespaces: NamespaceFds, work: Callable[[], Any], environment: dict[str, str], pipe: int, pid_writer: int
) -> NoReturn:
    """Enter the namespaces, fork the child that runs in them, and write its process id."""
    status = 1
    try:
        folder = os.getcwd()
        if namespaces.user is not None:
            enter(namespaces.user, CLONE_NEWUSER)
        enter(namespaces.pid, CLONE_NEWPID)
        enter(namespaces.network, CLONE_NEWNET)
        if namespaces.mounts is not None:
            enter(namespaces.mounts, CLONE_NEWNS)
            with contextlib.suppress(OSError):
                os.chdir(folder)
        child = os.fork()
        if child == 0:
            os.close(pid_writer)
            _work(work, environment, pipe)
        os.write(pid_writer, str(child).encode())
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _work(work: Callable[[], Any], environment: dict[str, str], pipe: int) -> NoReturn:
    status = 0
    try:
        os.environ.update(environment)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            message = pickle.dumps((False, work()))
        except Exception as error:
            status = 1
            message = _pickle_error(error)
        with os.fdopen(pipe, "wb") as file:
            file.write(message)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        status = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
        if not isinstance(error, (KeyboardInterrupt, SystemExit, BrokenPipeError)):
            traceback.print_exc()
    finally:
        os._exit(status)


def _pickle_error(error: Exception) -> bytes:
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, BanwatchError):
        error = BanwatchErrorCarrier.of(error)
    else:
        error.add_note(f"Inside the lab:\n{trace}")
    try:
        data = pickle.dumps((True, error))
        pickle.loads(data)
        return data
    except Exception:
        return pickle.dumps((True, RuntimeError(f"Inside the lab:\n{trace}")))


class BanwatchErrorCarrier(BanwatchError):
    """A BanwatchError that survives pickling, which calls an exception with its message only."""

    @classmethod
    def of(cls, error: BanwatchError) -> "BanwatchErrorCarrier":
        """Copy an error."""
        return cls(error.what, error.do)

    def __reduce__(self) -> tuple[Any, ...]:
        return BanwatchErrorCarrier, (self.what, self.do)
