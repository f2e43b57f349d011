"""Session: one run of the probe over many sites at once, politely."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from banwatch import __version__
from banwatch.formats.scrub import scrubber
from banwatch.model.ids import render_asn
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.identity import make_measurement_uid, make_report_id
from banwatch.probe.lag import LagMonitor
from banwatch.probe.nettest_context import Keys, NettestContext
from banwatch.probe.nettests.registry import Nettest, find_nettest
from banwatch.probe.politeness import Politeness
from banwatch.probe.settings import Settings
from banwatch.probe.trace import Trace
from banwatch.probe.written_records import MeasurementLine, TestHelper

SOFTWARE_NAME = "banwatch"
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Run:
    """Facts about one run of a nettest that its measurement carries."""

    nettest: Nettest
    input: str | None
    report_id: str
    started_at: datetime
    at: datetime
    zero_s: float


class Session:
    """Measure inputs with `web_connectivity`.

    Args:
        net: the network to measure; its `resolve` is the system's resolver.
        settings: where the probe stands and how it measures.

    Raises:
        BanwatchError: the file with the authorities to trust cannot be read.
    """

    def __init__(self, net: Net, settings: Settings) -> None:
        self._net = net
        self._settings = settings
        self._roots = Roots(settings.ca_file)
        self._politeness = Politeness()
        self._pacing = asyncio.Lock()
        self._lag = LagMonitor(net.clock)
        self._stopped = asyncio.Event()
        self.in_flight: dict[str, None] = {}
        """Inputs that are being measured now, in the order in which they were begun."""

    async def run(self, inputs: Sequence[str]) -> AsyncIterator[bytes]:
        """Measure each URL and yield each measurement when done: a line of JSON, no newline.

        The order is shuffled, and results come as they are ready. An input that is no URL is left out, with a
        warning in the log.
        """
        started_at = self._settings.now()
        web = find_nettest("web_connectivity")
        report_id = self._make_report_id(web.name, started_at)
        waiting = list(_readable(inputs))
        if self._settings.shuffle:
            self._settings.rng.shuffle(waiting)
        queue = iter(waiting)
        done: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def work() -> None:
            try:
                for text in queue:
                    await self._pace()
                    if self._stopped.is_set():
                        return
                    with self._shown(text):
                        done.put_nowait(await self._measure(web, text, report_id, started_at))
            finally:
                done.put_nowait(None)

        workers = [
            asyncio.create_task(work()) for _ in range(min(len(waiting), max(1, self._settings.parallelism)))
        ]
        running = len(workers)
        watch = asyncio.create_task(self._lag.watch())
        try:
            while running:
                line = await done.get()
                if line is None:
                    running -= 1
                else:
                    yield line
            for worker in workers:
                worker.result()  # an exception in a worker is our mistake, and is raised here
        finally:
            for task in (*workers, watch):
                task.cancel()
            await asyncio.gather(*workers, watch, return_exceptions=True)
            self._politeness.resolver_links.close()

    def stop(self) -> None:
        """Begin no further measurement; those in flight come to their end."""
        self._stopped.set()

    @contextlib.contextmanager
    def _shown(self, what: str) -> Iterator[None]:
        """Count something as in flight."""
        self.in_flight[what] = None
        try:
            yield
        finally:
            self.in_flight.pop(what, None)

    async def _pace(self) -> None:
        """Wait for the turn of the next measurement, where a pause is set."""
        pause_s = self._settings.pause_s
        if pause_s > 0:
            async with self._pacing:
                with contextlib.suppress(TimeoutError):  # or until the session is stopped
                    async with asyncio.timeout(pause_s * (0.5 + self._settings.rng.random())):
                        await self._stopped.wait()

    async def run_nettest(self, name: str, inputs: Sequence[str] = ()) -> AsyncIterator[bytes]:
        """Measure a nettest with each of its inputs in turn; a line of JSON for each, no newline.

        Args:
            name: name of the nettest (see `nettests.registry`).
            inputs: instead of the nettest's own.

        Raises:
            BanwatchError: there is no such nettest.
        """
        nettest = find_nettest(name)
        started_at = self._settings.now()
        report_id = self._make_report_id(name, started_at)
        for given in inputs or nettest.inputs or ("",):
            if self._stopped.is_set():
                return
            with self._shown(f"{name} {given}".strip()):
                yield await self._measure(nettest, given, report_id, started_at)

    def _make_report_id(self, name: str, started_at: datetime) -> str:
        settings = self._settings
        return make_report_id(started_at, name, settings.probe_cc, settings.probe_asn, settings.rng)

    async def _measure(self, nettest: Nettest, given: str, report_id: str, started_at: datetime) -> bytes:
        at, zero_s = self._settings.now(), self._net.clock()
        context = NettestContext(
            net=self._net,
            settings=self._settings,
            roots=self._roots,
            politeness=self._politeness,
            lag=self._lag,
            trace=Trace(clock=self._net.clock, zero_s=zero_s),
        )
        keys = await nettest.measure(context, given)
        shown = None if nettest.is_input_secret else given or None
        return self._write(_Run(nettest, shown, report_id, started_at, at, zero_s), keys)

    def _write(self, run: _Run, keys: Keys) -> bytes:
        settings = self._settings
        line = MeasurementLine(
            annotations=self._annotations(),
            input=run.input,
            measurement_start_time=run.at.strftime(_TIME_FORMAT),
            probe_asn=render_asn(settings.probe_asn),
            probe_cc=settings.probe_cc,
            probe_id=settings.probe_id or msgspec.UNSET,
            probe_network_name=settings.probe_network_name,
            report_id=run.report_id,
            resolver_asn=render_asn(settings.resolver_asn),
            resolver_ip=settings.resolver_ip,
            resolver_network_name=settings.resolver_network_name,
            software_name=SOFTWARE_NAME,
            software_version=__version__,
            test_helpers={"backend": TestHelper(address=settings.helper_url)} if settings.helper_url else {},
            test_keys=keys,
            test_name=run.nettest.name,
            test_runtime=round(self._net.clock() - run.zero_s, 6),
            test_start_time=run.started_at.strftime(_TIME_FORMAT),
            test_version=run.nettest.version,
        )
        return seal_line(line, run.at, settings, self._net.own_addresses)

    def _annotations(self) -> dict[str, str]:
        settings = self._settings
        annotations = {
            "engine_name": SOFTWARE_NAME,
            "engine_version": __version__,
            "platform": "linux",
            "control_path": settings.control_path,
            "timeouts": settings.timeouts.describe(),
            **settings.annotations,
        }
        if settings.access_tier:
            annotations["access_tier"] = settings.access_tier
        return annotations


def seal_line(line: MeasurementLine, at: datetime, settings: Settings, own: Sequence[str]) -> bytes:
    """Encode a measurement without the probe's own addresses, and name it by its content."""
    scrub = scrubber((*own, *settings.own_addresses))
    content = scrub(msgspec.json.encode(line))
    uid = make_measurement_uid(at, line.test_name, settings.probe_cc, content)
    return content[:-1] + b',"measurement_uid":"' + uid.encode("ascii") + b'"}'


def _readable(inputs: Iterable[str]) -> Iterable[str]:
    for text in inputs:
        try:
            parse_target_url(text)
        except ValueError as error:
            _log.warning("left out, because it is no URL that can be measured (%s): %r", error, text[:200])
        else:
            yield text
