"""Run of the probe: measures, keeps and judges every result, and stops at its limits."""

import asyncio
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from banwatch.judge import judge_line
from banwatch.model.errors import BanwatchError
from banwatch.model.reference import Reference
from banwatch.model.state import Layer
from banwatch.model.verdict import Verdict
from banwatch.net.real import RealNet
from banwatch.probe.nettests.registry import count_measurements
from banwatch.probe.quantities import parse_duration_s, parse_size_bytes
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings
from banwatch.probe.spool.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of time and traffic after which no measurement begins."""

    max_runtime_s: float | None = None
    budget_bytes: int | None = None
    watch_s: float | None = None
    """Interval after which the whole list is measured again, until interrupted; None measures it once."""


def parse_limits(*, max_runtime: str | None, budget: str | None, watch: str | None) -> Limits:
    """Parse limits such as `30m` and `200MB`.

    Raises:
        BanwatchError: a text is no such amount.
    """
    return Limits(
        max_runtime_s=parse_duration_s(max_runtime) if max_runtime else None,
        budget_bytes=parse_size_bytes(budget) if budget else None,
        watch_s=parse_duration_s(watch) if watch else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Places that results are written to."""

    path: Path | None
    """File that measurements are appended to, readable by whoever has it."""
    spool: Spool | None
    """Folder of sealed measurements."""


class RunView(AbstractContextManager["RunView"], Protocol):
    """Display of a run."""

    def begin(self, total: int) -> None:
        """Begin a round of `total` measurements."""

    def add(self, verdict: Verdict) -> None:
        """Show a verdict."""

    def note(self, text: str) -> None:
        """Show a message."""

    def end(self, summary: str) -> None:
        """Show the summary; no measurement follows."""


InFlight = Callable[[], Iterable[str]]
"""Gives the inputs that are being measured now."""


def run_probe(
    inputs: list[str],
    nettests: Mapping[str, Sequence[str]],
    settings: Settings,
    limits: Limits,
    outputs: Outputs,
    load_reference: Callable[[], Reference],
    make_view: Callable[[InFlight], RunView],
) -> int:
    """Measure inputs and nettests until all are measured or a limit is reached.

    Args:
        inputs: URLs for `web_connectivity`.
        nettests: other nettests, each with the inputs that a person gave it.
        settings: how to measure.
        limits: when to stop.
        outputs: where measurements are written.
        load_reference: reads the reference data; called off the event loop, while the first results come in.
        make_view: makes the display.

    Returns:
        The number of measurements.

    Raises:
        BanwatchError: an output cannot be written.
    """
    # Measurements are in memory in the clear: a crash must not write them to the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with ExitStack() as open_files:
        kept: BinaryIO | None = None
        if outputs.path is not None:
            try:
                kept = open_files.enter_context(open(outputs.path, "ab", opener=_for_owner))
            except OSError as error:
                raise BanwatchError(
                    f"Cannot write measurements to {outputs.path}: {error.strerror}", "Choose another --out."
                ) from error
        runner = _Runner(inputs, nettests, settings, limits, outputs, load_reference, make_view, kept)
        with runner.view:
            try:
                asyncio.run(runner.run())
            except KeyboardInterrupt:
                runner.view.note("interrupted; everything measured so far is kept")
            runner.view.end(runner.summary())
        return runner.done


class _Runner:
    def __init__(
        self,
        inputs: list[str],
        nettests: Mapping[str, Sequence[str]],
        settings: Settings,
        limits: Limits,
        outputs: Outputs,
        load_reference: Callable[[], Reference],
        make_view: Callable[[InFlight], RunView],
        kept: BinaryIO | None,
    ) -> None:
        self._inputs = inputs
        self._nettests = nettests
        self._settings = settings
        self._limits = limits
        self._outputs = outputs
        self._load_reference = load_reference
        self._kept = kept
        self._counts: Counter[str] = Counter()
        self._net = RealNet()
        self._session: Session | None = None
        self._deadline = (
            time.monotonic() + limits.max_runtime_s if limits.max_runtime_s is not None else float("inf")
        )
        self.done = 0
        self.view = make_view(lambda: self._session.in_flight if self._session else ())

    async def run(self) -> None:
        reference = await asyncio.to_thread(self._load_reference)
        while True:
            began = time.monotonic()
            total = len(self._inputs) + count_measurements(self._nettests)
            self.view.begin(total)
            silent = 0
            begun = self.done
            async for line in self._measure():
                verdict = judge_line(line, reference).verdict
                self._keep(line, verdict)
                silent += verdict.layer is Layer.NETWORK
            if silent and silent == self.done - begun:
                await self._note_silence(reference)
            if self._limits.watch_s is None or self._is_over():
                break
            pause_s = max(0.0, self._limits.watch_s - (time.monotonic() - began))
            if pause_s > 0:
                again = datetime.now().astimezone() + timedelta(seconds=pause_s)
                self.view.note(f"{self.summary()}; the next round begins at {again:%H:%M}")
            await asyncio.sleep(min(pause_s, max(0.0, self._deadline - time.monotonic())))
            if self._is_over():
                break
        self._note_limit(unmeasured=self.done - begun < total)

    def _note_limit(self, *, unmeasured: bool) -> None:
        if not unmeasured and self._limits.watch_s is None:
            return  # everything was measured
        if time.monotonic() >= self._deadline:
            self.view.note("stopped: the time is over")
        elif self._is_over():
            self.view.note("stopped: the budget is used up")

    async def _measure(self) -> AsyncIterator[bytes]:
        session = self._session = Session(self._net, self._settings)
        loop = asyncio.get_running_loop()
        timer = None
        if self._deadline != float("inf"):
            timer = loop.call_later(max(0.0, self._deadline - time.monotonic()), session.stop)
        try:
            async for line in session.run(self._inputs):
                if self._is_over():
                    session.stop()
                yield line
            for name, given in self._nettests.items():
                if self._is_over():
                    return
                async for line in session.run_nettest(name, given):
                    yield line
                    if self._is_over():
                        session.stop()
        finally:
            if timer is not None:
                timer.cancel()

    async def _note_silence(self, reference: Reference) -> None:
        """Record the state of the network after a round in which nothing answered."""
        self.view.note("nothing answered, not even a resolver: noting the state of the network")
        async for line in Session(self._net, self._settings).run_nettest("network"):
            self._keep(line, judge_line(line, reference).verdict)

    def _is_over(self) -> bool:
        budget = self._limits.budget_bytes
        return time.monotonic() >= self._deadline or (
            budget is not None and self._net.transferred_bytes >= budget
        )

    def _keep(self, line: bytes, verdict: Verdict) -> None:
        self.done += 1
        if self._outputs.spool is not None:
            self._outputs.spool.put(line)
        if self._kept is not None:
            self._kept.write(line + b"\n")
            self._kept.flush()
        self._counts[verdict.state.value] += 1
        self.view.add(verdict)

    def summary(self) -> str:
        """Count the measurements by state, and give their traffic."""
        counts = ", ".join(f"{number} {state}" for state, number in self._counts.most_common())
        size_kb = self._net.transferred_bytes / 1000
        limitation = "" if self._settings.helper_url else "; without a helper, so with less to compare with"
        return (
            f"{self.done} measured{': ' if counts else ''}{counts}; {size_kb:,.0f} kB transferred"
            f"{limitation if self._inputs else ''}"
        )


def _for_owner(path: str, flags: int) -> int:
    """Open a file that tells what was measured, and by whom: nobody else can read a new one."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
