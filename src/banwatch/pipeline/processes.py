"""Worker processes that are handed one piece of work at a time, and end when their parent ends.

Each is a module that is run by this Python, with a pipe in and a pipe out: it needs nothing of its parent (a
notebook, a script without a main guard), and ends when its pipe does, however the parent ends.

Wire: pickles, each after its length (8 bytes, little-endian). Both ends are our own processes of one version.
"""

import pickle
import queue
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any, Generic, TypeVar

from banwatch.model.errors import BanwatchError

Result = TypeVar("Result")

_LENGTH = struct.Struct("<Q")


def send(pipe: IO[bytes], value: object) -> None:
    """Write one value."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read one value.

    Raises:
        EOFError: the pipe is closed.
    """
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


class Processes(Generic[Result]):
    """Processes that run one module, each piece of work on the first that is free."""

    def __init__(self, module: str, jobs: int, *, gives: type[Result], died: BanwatchError) -> None:
        """Start the processes.

        Args:
            module: name of the module that is run; its pipes are those of `pipes_of_parent`.
            jobs: number of processes.
            gives: class of what comes back.
            died: error of work whose process ended.
        """
        self._gives = gives
        self._died = died
        self._threads = ThreadPoolExecutor(jobs)
        command = [sys.executable, "-m", module]
        self._all = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(jobs)
        ]
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        for process in self._all:
            self._free.put(process)

    def tell_all(self, value: object) -> None:
        """Write a value to every process, before any work."""
        for process in self._all:
            if process.stdin is not None:
                send(process.stdin, value)

    def submit(self, work: Callable[[], object]) -> "Future[Result]":
        """Have a piece of work done.

        Args:
            work: makes the value that is sent, once a process is free.
        """
        return self._threads.submit(self._exchange, work)

    def _exchange(self, work: Callable[[], object]) -> Result:
        process = self._free.get()
        try:
            if process.stdin is None or process.stdout is None:
                raise EOFError
            send(process.stdin, work())
            result = receive(process.stdout)
        except (EOFError, OSError) as error:
            raise BanwatchError(self._died.what, self._died.do) from error
        finally:
            self._free.put(process)
        if not isinstance(result, self._gives):
            raise TypeError(f"a worker gave {type(result).__name__}")
        return result

    def close(self) -> None:
        """End the processes, and drop the work that was not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._all:
            process.terminate()
        for process in self._all:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        self._threads.shutdown(wait=True)


@contextmanager
def pipes_of_parent() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Give a worker process its pipes in and out; the block ends quietly when the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us in order
    pipe_in, pipe_out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not get among the answers
    with suppress(EOFError, BrokenPipeError):
        yield pipe_in, pipe_out
