"""The probe on the command line: measure, show, keep, and know when to stop."""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from rich.console import Console

from banwatch.cli.views.probe_progress import JsonView, LiveView, PlainView, View
from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge import judge, weigh
from banwatch.model.errors import BanwatchError
from banwatch.model.reference import Reference
from banwatch.model.state import Layer
from banwatch.model.verdict import Verdict
from banwatch.net.real import RealNet
from banwatch.probe.nettests.catalogue import count_measurements
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings
from banwatch.probe.spool.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to begin nothing more."""

    max_runtime_s: float | None = None
    budget_bytes: int | None = None
    watch_s: float | None = None
    """Begin the list again after so long, until interrupted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Where results go."""

    as_json: bool
    path: Path | None
    spool: Spool | None


def judge_line(line: bytes, reference: Reference) -> Verdict:
    """What our judge says of one measurement alone."""
    return judge(weigh(observe(decode_untrusted(line), reference.target_of), reference))


def run_probe(
    inputs: list[str],
    nettests: Mapping[str, Sequence[str]],
    settings: Settings,
    limits: Limits,
    outputs: Outputs,
    reference: Callable[[], Reference],
) -> int:
    """Measure, show and keep; the number of measurements."""
    # what is measured is in memory in the clear: a crash must not write it to the disk
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with ExitStack() as open_files:
        kept: BinaryIO | None = None
        if outputs.path is not None:
            try:
                kept = open_files.enter_context(outputs.path.open("ab"))
            except OSError as error:
                raise BanwatchError(
                    f"Cannot write measurements to {outputs.path}: {error.strerror}", "Choose another --out."
                ) from error
        runner = _Runner(inputs, nettests, settings, limits, outputs, reference, kept)
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
        reference: Callable[[], Reference],
        kept: BinaryIO | None,
    ) -> None:
        self._inputs = inputs
        self._nettests = nettests
        self._settings = settings
        self._limits = limits
        self._outputs = outputs
        self._load_reference = reference
        self._kept = kept
        self._counts: Counter[str] = Counter()
        self._net = RealNet()
        self._session: Session | None = None
        self._deadline = (
            time.monotonic() + limits.max_runtime_s if limits.max_runtime_s is not None else float("inf")
        )
        self.done = 0
        self.view = self._choose_view()

    def _choose_view(self) -> View:
        out, err = Console(), Console(stderr=True)
        if self._outputs.as_json:
            return JsonView(err)
        if out.is_terminal:
            return LiveView(out, lambda: self._session.in_flight if self._session else ())
        return PlainView(out, err)

    async def run(self) -> None:
        reference = await asyncio.to_thread(self._load_reference)
        while True:
            began = time.monotonic()
            total = len(self._inputs) + count_measurements(self._nettests)
            self.view.begin(total)
            silent = 0
            begun = self.done
            async for line in self._measure():
                verdict = judge_line(line, reference)
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
        self._say_why_over(unmeasured=self.done - begun < total)

    def _say_why_over(self, *, unmeasured: bool) -> None:
        if not unmeasured and self._limits.watch_s is None:
            return  # all that was asked for is there
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
                async for line in session.run_nettest_inputs(name, given):
                    yield line
                    if self._is_over():
                        session.stop()
        finally:
            if timer is not None:
                timer.cancel()

    async def _note_silence(self, reference: Reference) -> None:
        """Nothing answered at all: write down what there is of a network, for whoever asks later."""
        self.view.note("nothing answered, not even a resolver: noting the state of the network")
        line = await Session(self._net, self._settings).run_nettest("network")
        self._keep(line, judge_line(line, reference))

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
        """Say how many there were of which state, and what they cost."""
        said = ", ".join(f"{number} {state}" for state, number in self._counts.most_common())
        size_kb = self._net.transferred_bytes / 1000
        lacked = "" if self._settings.helper_url else "; without a helper, so with less to compare with"
        return (
            f"{self.done} measured{': ' if said else ''}{said}; {size_kb:,.0f} kB transferred"
            f"{lacked if self._inputs else ''}"
        )
