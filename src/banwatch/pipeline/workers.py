"""Worker processes, each with its own reference data, that end when their parent ends.

Each is `python -m banwatch.pipeline` with a pipe in and a pipe out: it needs nothing of its parent (a
notebook, a script without a main guard), and ends when its pipe does, however the parent ends.

Wire: pickles, each after its length (8 bytes, little-endian): in, reference data, then line
batches; out, the result of each. Both ends are our own processes of one version.
"""

import pickle
import queue
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO, Any

from banwatch.model.errors import BanwatchError
from banwatch.model.reference import Reference
from banwatch.pipeline.line_batch import LineBatch, LineBatchResult
from banwatch.pipeline.worker import Worker

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


class Workers:
    """Processes that work on line batches, each batch on the first process that is free."""

    def __init__(self, reference: Reference, jobs: int) -> None:
        self._threads = ThreadPoolExecutor(jobs)
        self._all = [_start(reference) for _ in range(jobs)]
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        for process in self._all:
            self._free.put(process)

    def submit(self, line_batch: LineBatch) -> "Future[LineBatchResult]":
        """Have a line batch processed."""
        return self._threads.submit(self._exchange, line_batch)

    def _exchange(self, line_batch: LineBatch) -> LineBatchResult:
        process = self._free.get()
        try:
            if process.stdin is None or process.stdout is None:
                raise EOFError
            send(process.stdin, line_batch)
            result = receive(process.stdout)
        except (EOFError, OSError) as error:
            raise BanwatchError(
                "a worker process died, perhaps for lack of memory",
                "Run the same command again, with fewer --jobs: it goes on where it was stopped",
            ) from error
        finally:
            self._free.put(process)
        if not isinstance(result, LineBatchResult):
            raise TypeError(f"a worker gave {type(result).__name__}")
        return result

    def close(self) -> None:
        """End the processes, and drop the batches that were not begun."""
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


def _start(reference: Reference) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "banwatch.pipeline"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdin is not None:
        send(process.stdin, reference)
    return process


@contextmanager
def start_workers(reference: Reference, jobs: int) -> Iterator[Workers]:
    """Run worker processes while the block lasts."""
    workers = Workers(reference, jobs)
    try:
        yield workers
    finally:
        workers.close()


def work_until_the_end() -> None:
    """Work on line batches until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us in order
    pipe_in, pipe_out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not get among the answers
    with suppress(EOFError, BrokenPipeError):
        worker = Worker(receive(pipe_in))
        while True:
            send(pipe_out, worker.work(receive(pipe_in)))
