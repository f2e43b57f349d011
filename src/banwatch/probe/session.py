"""One run of the probe: many sites at once, politely."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from banwatch import __version__
from banwatch.model.ids import render_asn
from banwatch.net.http.target_url import TargetUrl, parse_target_url
from banwatch.net.seam import Net
from banwatch.net.tls.certificates import Roots
from banwatch.probe.identity import make_measurement_uid, make_report_id
from banwatch.probe.load import Load
from banwatch.probe.nettests import network
from banwatch.probe.nettests.applications import Application, find_app
from banwatch.probe.nettests.catalogue import load_nettests
from banwatch.probe.nettests.context import Means
from banwatch.probe.nettests.small import SECRET_INPUTS, SMALL
from banwatch.probe.nettests.web_connectivity import TEST_NAME, TEST_VERSION, WebConnectivity
from banwatch.probe.politeness import Politeness
from banwatch.probe.record import MeasurementLine, TestHelper
from banwatch.probe.scrub import scrubber
from banwatch.probe.settings import Settings
from banwatch.probe.trace import Trace

SOFTWARE_NAME = "banwatch"
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Test:
    """What a measurement says of itself."""

    name: str
    version: str
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
        self._load = Load(net.clock)
        self._stopped = asyncio.Event()
        self.in_flight: dict[str, None] = {}
        """Inputs that are being measured now, in the order in which they were begun."""

    async def run(self, inputs: Sequence[str]) -> AsyncIterator[bytes]:
        """Measure each URL and yield each measurement when done: a line of JSON, no newline.

        The order is shuffled, and results come as they are ready. An input that is no URL is left out, with a
        warning in the log.
        """
        started_at = self._settings.now()
        report_id = make_report_id(
            started_at, TEST_NAME, self._settings.probe_cc, self._settings.probe_asn, self._settings.rng
        )
        waiting = list(_readable(inputs))
        if self._settings.shuffle:
            self._settings.rng.shuffle(waiting)
        queue = iter(waiting)
        done: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def work() -> None:
            try:
                for text, url in queue:
                    await self._pace()
                    if self._stopped.is_set():
                        return
                    with self._shown(text):
                        done.put_nowait(await self._measure(text, url, report_id, started_at))
            finally:
                done.put_nowait(None)

        workers = [
            asyncio.create_task(work()) for _ in range(min(len(waiting), max(1, self._settings.parallelism)))
        ]
        running = len(workers)
        watch = asyncio.create_task(self._load.watch())
        try:
            while running:
                line = await done.get()
                if line is None:
                    running -= 1
                else:
                    yield line
            for worker in workers:
                worker.result()  # what went wrong in one is ours, and comes out here
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
        """Wait for a moment of its own, where a steady pace is wanted."""
        pause_s = self._settings.pause_s
        if pause_s > 0:
            async with self._pacing:
                with contextlib.suppress(TimeoutError):  # or until there is nothing more to wait for
                    async with asyncio.timeout(pause_s * (0.5 + self._settings.rng.random())):
                        await self._stopped.wait()

    async def run_nettest(self, name: str) -> bytes:
        """Measure an application (see `load_apps`), or the `network` itself; a line of JSON, no newline.

        Raises:
            BanwatchError: no such nettest is known.
        """
        version = network.TEST_VERSION if name == network.TEST_NAME else find_app(name).version
        started_at = self._settings.now()
        settings = self._settings
        report_id = make_report_id(started_at, name, settings.probe_cc, settings.probe_asn, settings.rng)
        zero_s = self._net.clock()
        with self._shown(name):
            keys: msgspec.Struct | Mapping[str, object]
            if name == network.TEST_NAME:
                keys = await network.measure_network(self._net, settings)
            else:
                keys = await Application(self._net, settings, self._roots, self._politeness).measure(name)
        return self._write(_Test(name, version, None, report_id, started_at, started_at, zero_s), keys)

    async def run_nettest_inputs(self, name: str, inputs: Sequence[str] = ()) -> AsyncIterator[bytes]:
        """Measure a nettest with each of its inputs, one after the other; a line of JSON for each.

        Args:
            name: as for `run_nettest`, or a small nettest (see `load_nettests`).
            inputs: instead of the small nettest's own.

        Raises:
            BanwatchError: no such nettest is known.
        """
        if name not in SMALL:
            yield await self.run_nettest(name)
            return
        nettest = load_nettests()[name]
        settings = self._settings
        started_at = settings.now()
        report_id = make_report_id(started_at, name, settings.probe_cc, settings.probe_asn, settings.rng)
        for given in inputs or nettest.inputs or ("",):
            if self._stopped.is_set():
                return
            at, zero_s = settings.now(), self._net.clock()
            means = Means(
                net=self._net,
                settings=settings,
                roots=self._roots,
                politeness=self._politeness,
                trace=Trace(clock=self._net.clock, zero_s=zero_s),
            )
            with self._shown(f"{name} {given}".strip()):
                keys = await SMALL[name](means, given)
            shown = None if name in SECRET_INPUTS else given or None
            test = _Test(name, nettest.version, shown, report_id, started_at, at, zero_s)
            yield self._write(test, keys)

    async def _measure(self, text: str, url: TargetUrl, report_id: str, started_at: datetime) -> bytes:
        at = self._settings.now()
        zero_s = self._net.clock()
        keys = await WebConnectivity(
            self._net, self._settings, self._roots, self._politeness, self._load
        ).measure(url)
        return self._write(_Test(TEST_NAME, TEST_VERSION, text, report_id, started_at, at, zero_s), keys)

    def _write(self, test: _Test, keys: msgspec.Struct | Mapping[str, object]) -> bytes:
        settings = self._settings
        line = MeasurementLine(
            annotations=self._annotations(),
            input=test.input,
            measurement_start_time=test.at.strftime(_TIME_FORMAT),
            probe_asn=render_asn(settings.probe_asn),
            probe_cc=settings.probe_cc,
            probe_id=settings.probe_id or msgspec.UNSET,
            probe_network_name=settings.probe_network_name,
            report_id=test.report_id,
            resolver_asn=render_asn(settings.resolver_asn),
            resolver_ip=settings.resolver_ip,
            resolver_network_name=settings.resolver_network_name,
            software_name=SOFTWARE_NAME,
            software_version=__version__,
            test_helpers={"backend": TestHelper(address=settings.helper_url)} if settings.helper_url else {},
            test_keys=keys,
            test_name=test.name,
            test_runtime=round(self._net.clock() - test.zero_s, 6),
            test_start_time=test.started_at.strftime(_TIME_FORMAT),
            test_version=test.version,
        )
        return seal_line(line, test.at, settings, self._net.own_addresses)

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


def _readable(inputs: Iterable[str]) -> Iterable[tuple[str, TargetUrl]]:
    for text in inputs:
        try:
            yield text, parse_target_url(text)
        except ValueError as error:
            _log.warning("left out, because it is no URL that can be measured (%s): %r", error, text[:200])
