"""Real packets through real namespaces: programs inside, both censors' links, and nothing left behind."""

import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.doctor import doctor
from banwatch.lab.machine.lab import Lab
from banwatch.model.errors import BanwatchError
from tests.lab.censor_kit import regime_of
from tests.lab.labs import APRIL, BLOCKING_RULES, NEEDS_LAB, tiny_lab
from tests.lab.tiny_world import BODY, HELPER, TinyWorld, serve

pytestmark = NEEDS_LAB


def curl(*arguments: str) -> list[str]:
    """A curl that says little and waits not long."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return ["curl", "-sS", "-m", "5", "-o", "/dev/null", *arguments]


def fetch(url: str, timeout_s: float = 5.0) -> bytes:
    """Fetch a page with Python's own client and the system's resolver."""
    import urllib.request

    with urllib.request.urlopen(url, timeout=timeout_s) as response:
        return bytes(response.read())


def test_programs_live_in_the_country_and_the_truth_is_written(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    with tiny_lab(truth_path=truth, pcap_path=tmp_path / "packets.pcapng") as lab:
        assert lab.call(fetch, "http://www.twin.example/") == BODY
        assert lab.call(fetch, "https://www.twin.example/") == BODY
        assert lab.run(curl("https://www.twin.example/")) == 0
        assert lab.run(curl("https://sni.blocked.example/")) == 35  # reset in the handshake
        assert lab.run(curl("-f", "http://page.blocked.example/")) == 22  # the page's 403
        found = lab.call(socket.gethostbyname, "dns.blocked.example")
        assert found.startswith("31.13.94.")
        with pytest.raises(socket.gaierror):
            lab.call(socket.gethostbyname, "nowhere.example")
        lab.flush()
        rules = [json.loads(line)["rule"] for line in truth.read_text().splitlines()]
        assert {"dns", "sni", "page", None} == set(rules)
        lab.clock.set(APRIL + timedelta(days=4, hours=1))
        with pytest.raises(OSError, match="timed out"):
            lab.call(fetch, "http://142.250.74.78/", 0.5)
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    assert [line["mechanism"] for line in lines].count("network.shutdown") >= 1
    forged = next(line for line in lines if line["rule"] == "dns")
    assert forged["names"] == [["qname", "dns.blocked.example"]]
    assert forged["real_answer_passed"]
    reset = next(line for line in lines if line["rule"] == "sni")
    assert (reset["tier"], reset["proto"], reset["dport"]) == ("all", "tcp", 443)
    assert reset["started_at"].startswith("2016-04-04T00:00:")
    from scapy.utils import rdpcap

    packets = rdpcap(str(tmp_path / "packets.pcapng"))
    assert len(packets) > 50


def test_ipv6_works_like_ipv4() -> None:
    with tiny_lab() as lab:
        if not lab.ipv6:
            pytest.skip("this machine has no IPv6")
        assert lab.run(curl("-6", "https://www.twin.example/")) == 0
        assert lab.run(curl("-6", "https://sni.blocked.example/")) == 35


def test_tun_devices_carry_packets_as_well() -> None:
    tun = next(check for check in doctor() if check.name == "tun")
    if not tun.ok:
        pytest.skip(f"no TUN device here: {tun.why}")
    with tiny_lab(tun=True) as lab:
        assert lab.call(fetch, "https://www.twin.example/") == BODY
        assert lab.run(curl("https://sni.blocked.example/")) == 35
        assert lab.call(socket.gethostbyname, "dns.blocked.example").startswith("31.13.94.")
        assert len(lab.call(fetch, "http://www.twin.example/big/3000000")) == 3_000_000


def test_delay_is_what_the_path_says() -> None:
    extra = "    path: {hops: [203.0.112.1, 203.0.112.2], censor_hop: 2, delay_ms: 20}\n"

    def round_trips_ms() -> list[float]:
        taken = []
        for _ in range(9):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                sock.settimeout(5)
                begun = time.perf_counter()
                sock.connect(("142.250.74.78", 80))
                taken.append((time.perf_counter() - begun) * 1e3)
        return sorted(taken)

    with tiny_lab(extra=extra) as lab:
        taken = lab.call(round_trips_ms)
    assert taken[0] >= 40.0
    assert taken[4] < 60.0  # a busy machine may be late; on a quiet one it is within half a millisecond


def test_results_errors_and_exit_codes_come_back() -> None:
    with tiny_lab() as lab:
        kept = {"a": 1}
        assert lab.call(lambda: {**kept, "pid": os.getpid() > 0}) == {"a": 1, "pid": True}
        with pytest.raises(ZeroDivisionError) as caught:
            lab.call(lambda: 1 // 0)
        assert "Inside the lab" in caught.value.__notes__[0]
        with pytest.raises(BanwatchError, match="exit code 7"):
            lab.call(lambda: os._exit(7))
        assert lab.run(["sh", "-c", "exit 23"]) == 23
        assert lab.run(["sh", "-c", "kill -TERM $$"]) == 128 + signal.SIGTERM
        assert lab.run(["/no/such/program"]) == 127
        assert lab.run(["sh", "-c", 'test "$X" = y'], env={"X": "y"}) == 0
        assert lab.run(["sh", "-c", 'test -r "$SSL_CERT_FILE" && test -r "$NODE_EXTRA_CA_CERTS"']) == 0


def test_the_client_sees_only_its_own_links_and_resolver() -> None:
    with tiny_lab() as lab:
        names = lab.call(
            lambda: sorted(
                name for _, name in socket.if_nameindex() if not name.endswith("0") or name == "eth0"
            )
        )
        assert set(names) <= {"lo", "eth0"}
        text = lab.call(lambda: Path("/etc/resolv.conf").read_text())
        assert text.startswith("nameserver 175.45.176.15\n")
    assert "175.45.176.15" not in Path("/etc/resolv.conf").read_text()


def test_a_helper_out_of_band_is_reached_around_the_censor() -> None:
    everything = "\n- {id: all, match: {}, action: drop, mechanism: network.shutdown}\n"
    extra = "  all2: {asn: 64500, network_name: T, kind: intranet, client_address: 175.45.178.10,"
    extra += " resolver: 175.45.176.15, helper_path: out-of-band}\n"
    regime = regime_of(everything, extra=extra)
    with Lab(regime, "all2", TinyWorld(), clock=LabClock(APRIL), serve=serve) as lab:
        assert lab.call(fetch, f"http://{HELPER}/peer") == b"175.45.179.250"
        with pytest.raises(OSError, match="timed out"):
            lab.call(fetch, "http://142.250.74.78/", 0.5)


def test_labs_run_side_by_side_and_end_in_any_order() -> None:
    first, second = (
        tiny_lab(),
        tiny_lab("\n- {id: all, match: {}, action: drop, mechanism: network.shutdown}\n"),
    )
    one = first.__enter__()
    with second as two:
        assert one.run(curl("http://www.twin.example/")) == 0
        assert two.run(curl("-m", "0.5", "http://142.250.74.78/")) == 28
        first.__exit__(None, None, None)
        assert two.run(["sh", "-c", "exit 4"]) == 4


def test_a_killed_world_is_one_clear_error() -> None:
    with tiny_lab() as lab:
        assert lab._world_process is not None
        started = time.monotonic()
        subprocess.run(["kill", "-9", str(lab._world_process.pid)], check=True)
        with pytest.raises(BanwatchError, match="world ended"):
            lab.call(time.sleep, 30)
        assert time.monotonic() - started < 10


def test_a_killed_censor_is_one_clear_error() -> None:
    with tiny_lab() as lab:
        child = lab.start(time.sleep, 30)
        os.kill(lab._censor.pid, signal.SIGKILL)
        with pytest.raises(BanwatchError, match="censor ended"):
            lab._watch(child)
        with pytest.raises(BanwatchError, match="censor ended"):
            lab.run(["true"])


def test_a_world_that_fails_says_why() -> None:
    def broken(world: object, **_: object) -> None:
        raise ValueError("no such world")

    with (
        pytest.raises(BanwatchError, match="no such world"),
        Lab(regime_of(BLOCKING_RULES), "all", TinyWorld(), clock=LabClock(APRIL), serve=broken),
    ):
        pass


def test_a_censor_that_fails_ends_the_run_and_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from banwatch.lab.censor.censor import Censor

    def fail(*_: object) -> None:
        raise RuntimeError("an internal error")

    monkeypatch.setattr(Censor, "handle_packet", fail)
    with tiny_lab() as lab, pytest.raises(BanwatchError, match="an internal error"):
        lab.call(fetch, "http://142.250.74.78/", 0.5)


def test_no_collection_inside_visits_the_objects_of_a_big_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets would wait for it: the worker of a test run holds millions of objects."""
    from banwatch.lab.censor.censor import Censor

    objects = [[number] for number in range(200_000)]

    def count(*_: object) -> None:
        raise RuntimeError("few" if len(gc.get_objects()) < len(objects) else "many")

    with tiny_lab() as lab:
        assert lab.call(lambda: len(gc.get_objects())) < len(objects)
    monkeypatch.setattr(Censor, "handle_packet", count)
    with tiny_lab() as lab, pytest.raises(BanwatchError, match="few"):
        lab.call(fetch, "http://142.250.74.78/", 0.5)


def test_ctrl_c_is_for_the_program_that_runs_inside() -> None:
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        code = 99
        try:
            with tiny_lab() as lab:
                code = lab.run(["sh", "-c", "trap 'exit 5' INT; echo up; while :; do sleep 0.05; done"])
                code += lab.run(["sh", "-c", "exit 1"])  # the lab is still there
        finally:
            os._exit(code)
    seen = b""
    while b"up" not in seen:
        seen += os.read(terminal, 100)
    os.write(terminal, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6
    os.close(terminal)


@pytest.mark.parametrize("option", ["work_dir", "truth_path", "pcap_path"])
def test_a_place_that_cannot_be_written_is_one_clear_error(option: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {option: tmp_path / "nowhere" / "at all"}
    with pytest.raises(BanwatchError, match="nowhere") as caught, tiny_lab(**options):
        pass
    assert "Traceback" not in str(caught.value)


def test_a_truth_that_cannot_be_written_is_no_truth(tmp_path: Path) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("there is no /dev/full to stand for a full disk")
    with pytest.raises(BanwatchError, match="No space left"), tiny_lab(truth_path=Path("/dev/full")) as lab:
        lab.call(fetch, "http://www.twin.example/")


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(BanwatchError, match="Give one of all"):
        Lab(regime_of(BLOCKING_RULES), "nobody", TinyWorld(), clock=LabClock(APRIL))


SCRIPT = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.lab.labs import tiny_lab
with tiny_lab(work_dir=Path(sys.argv[1])) as lab:
    print("up", flush=True)
    lab.run(["sh", "-c", "sleep {mark} & setsid sleep {mark} & echo started; sleep {mark}"])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_remains_however_the_parent_ends(tmp_path: Path, how: signal.Signals) -> None:
    mark = f"1000.{os.getpid()}{int(how)}"
    script = SCRIPT.format(root=str(Path(__file__).parents[3]), mark=mark)
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        assert parent.stdout.readline() == "started\n"
        parent.send_signal(how)
        parent.wait(timeout=20)
    deadline = time.monotonic() + 5  # it takes some milliseconds; the rest is for a busy machine
    while time.monotonic() < deadline and (list(tmp_path.iterdir()) or _processes_with(mark, str(tmp_path))):
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []
    assert _processes_with(mark, str(tmp_path)) == []


def _processes_with(*words: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if any(word in line for word in words):
                found.append(line)
    return found
