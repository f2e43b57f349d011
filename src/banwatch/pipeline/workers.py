"""Worker processes: as many as asked for, each with its own reference data, gone when we are gone."""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from banwatch.model.reference import Reference
from banwatch.pipeline.portion import Portion, Worked, Worker

_PR_SET_PDEATHSIG = 1
_worker: Worker | None = None


def _begin(reference: Reference, parent: int) -> None:
    """Set a worker process up: its reference data, and that it ends with its parent, however that ends."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us in order
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it was gone before we asked
    _worker = Worker(reference)


def work_on(portion: Portion) -> Worked:
    """Work on a portion in a worker process."""
    if _worker is None:
        raise RuntimeError("not in a worker process")
    return _worker.work(portion)


@contextmanager
def start_workers(reference: Reference, jobs: int) -> Iterator[Executor]:
    """Start worker processes; what is not begun when the block ends is not done."""
    executor = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),  # a fork would copy the database's threads half
        initializer=_begin,
        initargs=(reference, os.getpid()),
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
