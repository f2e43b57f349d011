"""Lab: client, censor and world in namespaces of their own, and the programs that run in the client's."""

import contextlib
import os
import select
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from banwatch.lab.machine.client_files import client_environment
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab_world import LabWorld, Serve, serve_default
from banwatch.lab.machine.processes.censor_process import LabSettings
from banwatch.lab.machine.processes.lab_process import LabProcess, signals_blocked
from banwatch.lab.machine.processes.running_censor import START_LIMIT_S, RunningCensor
from banwatch.lab.machine.processes.terminal import terminal_lent
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.tier import Tier
from banwatch.model.errors import BanwatchError

P = ParamSpec("P")
R = TypeVar("R")

_POLL_MS = 20
"""Between two looks at a child, on kernels that give no descriptor for a process's end."""


def _open_end(pid: int) -> int | None:
    """Open a descriptor that is readable once a process has ended; None on kernels before 5.3."""
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None


class Lab:
    """Censored country in namespaces, for as long as the context lasts.

    Entering raises BanwatchError where the machine does not allow it, or where the world or the censor fails;
    so does every method once one of them has ended.

    Args:
        regime: what the censor does to whom.
        tier: name of the tier that the client belongs to.
        world: the sites, resolvers and helper that exist.
        clock: the lab's time; any process of the lab may set it at any moment.
        work_dir: directory in which the lab makes one of its own while it lasts; by default the system's.
        truth_path: file to which the censor appends the truth of every flow.
        pcap_path: file for every packet (pcapng, one interface for each side of the censor).
        seed: seed of every probability in the regime.
        tun: carry packets by TUN devices rather than packet sockets on veth pairs.
        serve: server that runs in the world's namespace; by default the lab's own.
    """

    def __init__(
        self,
        regime: Regime,
        tier: str,
        world: LabWorld,
        *,
        clock: LabClock,
        work_dir: Path | None = None,
        truth_path: Path | None = None,
        pcap_path: Path | None = None,
        seed: int = 0,
        tun: bool = False,
        serve: Serve | None = None,
    ) -> None:
        if tier not in regime.tiers:
            raise BanwatchError(
                f"Regime `{regime.name}` has no tier `{tier}`", f"Give one of {', '.join(regime.tiers)}"
            )
        self.regime = regime
        self.tier: Tier = regime.tiers[tier]
        self.world = world
        self.clock = clock
        self._work_dir = work_dir
        self._truth_path = truth_path
        self._pcap_path = pcap_path
        self._seed = seed
        self._tun = tun
        self._serve = serve
        self._censor = RunningCensor()
        self._folder: Path | None = None
        self._children: list[LabProcess] = []
        self._world_process: LabProcess | None = None

    # -- beginning and end ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        answer = self._stop()
        if error is None and "stopped" not in answer and not self._censor.failure_reported:
            raise self._censor.ended(answer)  # since the last check; or the truth could not be written

    def _start(self) -> None:
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="banwatch-lab-", dir=self._work_dir))
        except OSError as error:
            raise BanwatchError(
                f"The lab cannot make a directory of its own ({error})",
                "Free some space, or give another work_dir",
            ) from error
        settings = LabSettings(
            regime=self.regime,
            tier=self.tier,
            prefixes=tuple(self.world.prefixes),
            helper_addresses=tuple(self.world.helper_addresses),
            ca_pem=self.world.ca_pem,
            clock=self.clock,
            folder=self._folder,
            truth_path=self._truth_path,
            pcap_path=self._pcap_path,
            seed=self._seed,
            tun=self._tun,
        )
        self._censor.start(settings)
        self._start_world()

    def _start_world(self) -> None:
        serve = self._serve or serve_default
        reader, writer = os.pipe()
        chosen, world, clock, tier = serve, self.world, self.clock, self.tier

        def report_ready() -> None:
            os.write(writer, b"R")

        def serve_forever() -> None:
            os.close(reader)
            chosen(world, ready=report_ready, clock=clock, tier=tier)

        try:
            with signals_blocked():
                self._world_process = LabProcess(self._censor.world_namespaces, serve_forever, {})
            os.close(writer)
            writer = -1
            readable, _, _ = select.select([reader], [], [], START_LIMIT_S)
            if not readable or not os.read(reader, 1):
                if readable:
                    self._world_process.wait()
                self._check()
                raise BanwatchError(
                    f"The lab's world was not ready after {START_LIMIT_S:.0f} s",
                    "Try again; the machine is busy",
                )
        finally:
            os.close(reader)
            if writer >= 0:
                os.close(writer)

    def _stop(self) -> dict[str, Any]:
        """End everything; returns the censor's last message."""
        for child in self._children:
            child.terminate(grace_s=0.5)
        if self._world_process:
            self._world_process.terminate(grace_s=1.0)
        answer = self._censor.stop()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        return answer

    @property
    def ipv6(self) -> bool:
        """Whether the client has IPv6: its tier says so, and the machine can."""
        return self._censor.ipv6

    # -- programs of the client ----------------------------------------------------------------------------

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in the client's namespaces; returns its result, or raises its exception.

        Any function will do, closures included, because its process is forked; the result is pickled.
        """
        child = self.start(function, *args, **kwargs)
        try:
            self._watch(child)
            return cast(R, child.result())
        finally:
            child.terminate()
            self._children.remove(child)

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, keeps_jobs: bool = False
    ) -> int:
        """Run a program as the client; returns its exit code (127 where there is no such program).

        Args:
            argv: the program and its arguments.
            env: variables added to this process's own and to those that name the lab's authority.
            keeps_jobs: whether the program is a shell, which passes Ctrl-Z on to its own jobs.
        """

        def execute(take_terminal: Callable[[], None]) -> None:
            take_terminal()
            os.environ.update(env or {})
            try:
                os.execvp(argv[0], list(argv))
            except OSError as error:
                os.write(2, f"banwatch: cannot run {argv[0]}: {os.strerror(error.errno or 0)}\n".encode())
                os._exit(126 if isinstance(error, PermissionError) else 127)

        with terminal_lent(keeps_jobs=keeps_jobs) as take_terminal:
            child = self.start(execute, take_terminal)
            try:
                return self._watch(child)
            finally:
                child.terminate()
                self._children.remove(child)

    def start(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> LabProcess:
        """Start a function in the client's namespaces, and return at once.

        Returns:
            The process of the function; it ends with the lab.
        """
        self._check()
        if self._folder is None:
            raise RuntimeError("the lab has not been entered")
        with signals_blocked():
            child = LabProcess(
                self._censor.client_namespaces, lambda: function(*args, **kwargs), self.environment()
            )
            self._children.append(child)
        return child

    def environment(self) -> dict[str, str]:
        """Return the environment variables that name the lab's authority to programs."""
        return client_environment(self._folder) if self._folder else {}

    def flush(self) -> None:
        """Have the censor write the truth of every flow so far, and drop its state."""
        self._check()
        self._censor.flush()

    # -- failures ------------------------------------------------------------------------------------------

    def _watch(self, child: LabProcess) -> int:
        """Wait for a child process while the world and the censor run; returns its exit code."""
        poller = select.poll()
        watched = [child.fileno(), self._censor.control, self._world_process]
        for item in watched:
            if item is not None:
                poller.register(item, select.POLLIN)
        end = _open_end(child.pid)
        if end is not None:
            poller.register(end, select.POLLIN)
        try:
            while child.poll() is None:
                poller.poll(None if end is not None else _POLL_MS)
                if child.poll() is None and child.receive():
                    # A started program has closed the pipe; from here on only its end can be seen.
                    with contextlib.suppress(KeyError):
                        poller.unregister(child.fileno())
                self._check()
        finally:
            if end is not None:
                os.close(end)
        return child.wait()

    def _check(self) -> None:
        """Raise if the censor or the world has ended."""
        self._censor.check()
        if self._world_process is not None and self._world_process.poll() is not None:
            raise self._world_ended()

    def _world_ended(self) -> BanwatchError:
        process = self._world_process
        code = process.exit_code if process else None
        reason = ""
        if process:
            try:
                process.result()
            except BanwatchError as error:
                reason = f": {error.what}"
            except Exception as error:
                notes = "\n".join(getattr(error, "__notes__", []))
                reason = f": {error!r}\n{notes}"
        return BanwatchError(
            f"The lab's world ended unexpectedly (exit code {code}){reason}",
            "It was killed, or memory ran out; run it again",
        )
