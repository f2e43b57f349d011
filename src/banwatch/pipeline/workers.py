"""Worker processes of an ingest, each with its own reference data.

Wire: as in `pipeline.processes`: in, reference data, then line batches; out, the result of each.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from banwatch.model.errors import BanwatchError
from banwatch.model.reference import Reference
from banwatch.pipeline.line_batch import LineBatch, LineBatchResult
from banwatch.pipeline.processes import Processes, pipes_of_parent, receive, send
from banwatch.pipeline.worker import Worker

_DIED = BanwatchError(
    "a worker process died, perhaps for lack of memory",
    "Run the same command again, with fewer --jobs: it goes on where it was stopped",
)


class Workers:
    """Processes that work on line batches, each batch on the first process that is free."""

    def __init__(self, processes: Processes[LineBatchResult]) -> None:
        self._processes = processes

    def submit(self, line_batch: LineBatch) -> "Future[LineBatchResult]":
        """Have a line batch processed."""
        return self._processes.submit(lambda: line_batch)


@contextmanager
def start_workers(reference: Reference, jobs: int) -> Iterator[Workers]:
    """Run worker processes while the block lasts."""
    processes = Processes("banwatch.pipeline", jobs, gives=LineBatchResult, died=_DIED)
    try:
        processes.tell_all(reference)
        yield Workers(processes)
    finally:
        processes.close()


def work_until_the_end() -> None:
    """Work on line batches until there are no more."""
    with pipes_of_parent() as (pipe_in, pipe_out):
        worker = Worker(receive(pipe_in))
        while True:
            send(pipe_out, worker.work(receive(pipe_in)))
