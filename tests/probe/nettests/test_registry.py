"""A nettest is one file: the registry finds it, a session runs it, and the judge judges it."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from banwatch.formats.ooni import decode_untrusted, observe
from banwatch.judge import judge_line
from banwatch.model.errors import BanwatchError
from banwatch.model.observation import Step
from banwatch.model.state import State
from banwatch.net.memory import MemoryNet
from banwatch.probe import nettests as package
from banwatch.probe.nettests.choose import choose_nettests
from banwatch.probe.nettests.registry import count_measurements, find_nettest, load_nettests
from banwatch.probe.session import Session
from tests.judge.judging import shipped_reference
from tests.net import servers
from tests.probe.scenes import SECOND, SITE, settings

MACHINERY = {"choose", "registry"}
TOY = '''"""The `toy` nettest (our own): can a host be connected to."""

from collections.abc import Mapping

from banwatch.net.endpoint import parse_endpoint
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest
from banwatch.probe.steps.tcp import tcp_connect


async def measure(context: NettestContext, given: str) -> Mapping[str, object]:
    """Connect; the test keys."""
    stream, connect = await tcp_connect(
        context.net, parse_endpoint(given), timeout_s=context.settings.timeouts.tcp_s, trace=context.begin()
    )
    if stream is not None:
        stream.close()
    return {
        "tcp_connect": [connect],
        "failure": connect.status.failure if connect.status else None,
        "network_events": context.trace.events,
    }


NETTEST = Nettest(
    name="toy",
    version="0.1.0",
    spec="",
    purpose="Can a host be connected to.",
    risk="It looks as if the person connected to the host.",
    measure=measure,
    inputs=("93.184.216.34:443", "93.184.216.35:443"),
    check_input=parse_endpoint,
)
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder besides the package's own, with one nettest."""
    folder = tmp_path / "nettests"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    load_nettests.cache_clear()
    yield
    load_nettests.cache_clear()
    sys.modules.pop("banwatch.probe.nettests.toy", None)
    vars(package).pop("toy", None)


@pytest.mark.usefixtures("toy")
def test_a_new_nettest_is_one_file(tmp_path: Path) -> None:
    assert choose_nettests(["toy=93.184.216.34:80"]) == {"toy": ["93.184.216.34:80"]}
    assert count_measurements({"toy": [], "network": []}) == 3
    net = MemoryNet(tcp={(SITE, 443): servers.hang_up, (SECOND, 443): "connection_reset"})

    async def collect() -> list[bytes]:
        return [line async for line in Session(net, settings(tmp_path)).run_nettest("toy")]

    good, bad = asyncio.run(asyncio.wait_for(collect(), 20))
    assert [json.loads(line)["test_version"] for line in (good, bad)] == ["0.1.0", "0.1.0"]
    measurement = observe(decode_untrusted(bad), shipped_reference().target_of)
    assert [(seen.step, seen.failure) for seen in measurement.observations] == [
        (Step.TCP, "connection_reset")
    ]
    for line, host in ((good, SITE), (bad, SECOND)):
        verdict = judge_line(line, shipped_reference()).verdict
        assert (verdict.target, verdict.state) == (host, State.INSUFFICIENT)


def test_every_module_is_a_nettest_of_its_name() -> None:
    [folder] = package.__path__
    modules = {path.stem for path in Path(folder).glob("*.py")} - MACHINERY - {"__init__"}
    assert set(load_nettests()) == modules
    for name, nettest in load_nettests().items():
        assert nettest.name == name
        assert nettest.purpose.endswith(".")
        assert nettest.risk.endswith(".")
        assert nettest.version.count(".") == 2


def test_every_nettest_is_documented() -> None:
    text = Path("docs/probe.md").read_text("utf-8")
    for nettest in load_nettests().values():
        assert f"`{nettest.name}`" in text
        assert nettest.spec in text


def test_a_nettest_that_does_not_exist() -> None:
    with pytest.raises(BanwatchError, match="No nettest 'myspace'"):
        find_nettest("myspace")
