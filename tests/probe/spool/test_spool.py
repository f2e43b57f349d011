"""Sealed, crash-safe, delivered exactly once."""

import asyncio
import json
import multiprocessing
import os
import random
import signal
import stat
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.endpoint import Endpoint
from banwatch.net.http.target_url import parse_target_url
from banwatch.net.memory import MemoryNet, MemoryStream
from banwatch.net.tls.certificates import Roots
from banwatch.probe.spool.delivery import Collector, Delivered, push
from banwatch.probe.spool.sealing import make_keys, parse_key, seal, unseal_untrusted
from banwatch.probe.spool.spool import Spool
from tests.net import servers
from tests.net.servers import NOW, Page
from tests.probe.spool.storm import storm

PRIVATE, PUBLIC = make_keys()
KEY = PUBLIC.hex()
LINE = json.dumps({"input": "https://forbidden.example/", "body": "<html>" * 200}).encode()
COLLECTOR = ("185.199.108.153", 443)


class FakeCollector:
    """Takes sealed measurements as the protocol says, and fails as often as it is reported to."""

    def __init__(self, rng: random.Random | None = None, failing: float = 0.0) -> None:
        self.taken: dict[str, bytes] = {}
        self.times_taken = 0
        self.rng = rng or random.Random(0)
        self.failing = failing

    async def __call__(self, stream: MemoryStream) -> None:
        tls = servers.ServerTls(stream, servers.make_context("collector.example", alpn=("http/1.1",)))
        await tls.handshake()
        if self.rng.random() < self.failing:
            stream.abort()  # before it has read anything
            return
        data = b""
        while b"\r\n\r\n" not in data:
            data += await tls.read(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(
            next(h.split(b":")[1] for h in head.split(b"\r\n") if h.lower().startswith(b"content-length"))
        )
        while len(body) < length:
            body += await tls.read(65536)
        if self.rng.random() < self.failing:
            await tls.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            return
        method, path, _ = head.split(b"\r\n")[0].split(b" ")
        assert method == b"PUT"
        name = path.decode().removeprefix("/api/v1/sealed/")
        status = b"409" if name in self.taken else b"201"
        if name not in self.taken:
            self.times_taken += 1
            self.taken[name] = body
        if self.rng.random() < self.failing:
            stream.abort()  # it has it, but the probe never hears so
            return
        await tls.write(b"HTTP/1.1 " + status + b" Done\r\nContent-Length: 0\r\n\r\n")


def deliver(
    spool: Spool,
    collector: FakeCollector,
    folder: Path,
    proxy: Endpoint | None = None,
    net: MemoryNet | None = None,
) -> Delivered:
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    net = net or MemoryNet(names={"collector.example": (COLLECTOR[0],)}, tcp={COLLECTOR: collector})
    to = Collector(
        url=parse_target_url("https://collector.example/"), roots=Roots(ca_file), proxy=proxy, timeout_s=2
    )
    work = push(net, spool, to, now=lambda: NOW, rng=random.Random(1), attempts=3, pause_s=0.001)
    return asyncio.run(asyncio.wait_for(work, 60))


def everything_in(folder: Path) -> bytes:
    return b"".join(p.name.encode() + p.read_bytes() for p in folder.rglob("*") if p.is_file())


@given(st.binary(max_size=20_000))
def test_what_is_sealed_is_what_is_opened(line: bytes) -> None:
    sealed = seal(line, PUBLIC)
    assert unseal_untrusted(sealed, PRIVATE) == line
    size = len(sealed) - 48
    assert size >= 4096
    assert size & (size - 1) == 0


@given(st.binary(max_size=200))
def test_what_was_not_sealed_to_this_key_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        unseal_untrusted(data, PRIVATE)
    with pytest.raises(WireError):
        unseal_untrusted(seal(data, make_keys()[1]), PRIVATE)


def test_nothing_on_the_disk_tells_what_was_measured(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", KEY)
    for _ in range(20):
        spool.put(LINE)
    disk = everything_in(tmp_path)
    assert len(disk) > 20 * 4096
    assert b"forbidden" not in disk
    assert len({one.measurement_id for one in spool.waiting()}) == 20
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in (tmp_path / "spool").iterdir())
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700


def test_a_spool_keeps_to_one_collector(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="does not know"):
        Spool(tmp_path / "spool")
    Spool(tmp_path / "spool", KEY)
    assert list(Spool(tmp_path / "spool").waiting()) == []
    with pytest.raises(BanwatchError, match="another collector"):
        Spool(tmp_path / "spool", make_keys()[1].hex())
    for bad in ("", "xyz", KEY[:-2], "zz" * 32):
        with pytest.raises(BanwatchError, match="No key"):
            parse_key(bad)


def test_everything_is_delivered_and_forgotten(tmp_path: Path) -> None:
    spool, collector = Spool(tmp_path / "spool", KEY), FakeCollector()
    for _ in range(5):
        spool.put(LINE)
    result = deliver(spool, collector, tmp_path)
    assert (result.accepted, result.left) == (5, 0)
    assert {unseal_untrusted(sealed, PRIVATE) for sealed in collector.taken.values()} == {LINE}
    assert list(spool.waiting()) == []


def test_a_collector_that_fails_at_random_gets_each_exactly_once(tmp_path: Path) -> None:
    spool, collector = Spool(tmp_path / "spool", KEY), FakeCollector(random.Random(3), failing=0.25)
    ids = {spool.put(LINE) for _ in range(40)}
    for _ in range(60):
        if deliver(spool, collector, tmp_path).left == 0:
            break
    assert set(collector.taken) == ids
    assert collector.times_taken == 40
    assert list(spool.waiting()) == []


def test_a_collector_out_of_reach_costs_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", KEY)
    spool.put(LINE)
    net = MemoryNet(names={"collector.example": (COLLECTOR[0],)}, tcp={COLLECTOR: "connection_refused"})
    result = deliver(spool, FakeCollector(), tmp_path, net=net)
    assert (result.accepted, result.left, result.last_failure) == (0, 1, "connection_refused")
    forged = servers.https_site(Page(status=201), servers.make_context("collector.example", issuer="Nobody"))
    net = MemoryNet(names={"collector.example": (COLLECTOR[0],)}, tcp={COLLECTOR: forged})
    result = deliver(spool, FakeCollector(), tmp_path, net=net)
    assert (result.left, result.last_failure) == (1, "ssl_unknown_authority")
    assert len(list(spool.waiting())) == 1


def test_through_a_proxy_the_name_is_not_resolved_here(tmp_path: Path) -> None:
    spool, collector = Spool(tmp_path / "spool", KEY), FakeCollector()
    spool.put(LINE)
    asked: list[bytes] = []

    async def proxy(stream: MemoryStream) -> None:
        assert await stream.read(3) == b"\x05\x01\x00"
        await stream.write(b"\x05\x00")
        asked.append(await stream.read(100))
        await stream.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await collector(stream)

    net = MemoryNet(tcp={("127.0.0.1", 9050): proxy})
    result = deliver(spool, collector, tmp_path, Endpoint("127.0.0.1", 9050), net)
    assert result.accepted == 1
    assert asked == [b"\x05\x01\x00\x03\x11collector.example\x01\xbb"]
    assert net.connected == [("127.0.0.1", 9050)]


@pytest.mark.parametrize(
    "answer", [b"", b"\x05\xff", b"\x04\x00", b"\x05\x00\x05\x05\x00\x01", b"\x05\x00\x05\x00\x00\x09"]
)
def test_a_proxy_that_is_none_is_a_failure(tmp_path: Path, answer: bytes) -> None:
    spool = Spool(tmp_path / "spool", KEY)
    spool.put(LINE)

    async def proxy(stream: MemoryStream) -> None:
        await stream.read(3)
        await stream.write(answer)
        await stream.read(100)

    net = MemoryNet(tcp={("127.0.0.1", 9050): proxy})
    assert deliver(spool, FakeCollector(), tmp_path, Endpoint("127.0.0.1", 9050), net).left == 1


def test_a_bundle_holds_the_same_sealed_files(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", KEY)
    ids = {spool.put(LINE) for _ in range(3)}
    assert spool.export(tmp_path / "carried.zip") == 3
    with zipfile.ZipFile(tmp_path / "carried.zip") as bundle:
        assert {name.removeprefix("sealed/") for name in bundle.namelist()} == ids
        assert all(unseal_untrusted(bundle.read(name), PRIVATE) == LINE for name in bundle.namelist())
    assert len(list(spool.waiting())) == 3
    with pytest.raises(BanwatchError, match="Cannot write"):
        spool.export(tmp_path / "no" / "such" / "folder.zip")


def test_wiping_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", KEY)
    spool.put(LINE)
    (tmp_path / "spool" / "x.part").write_bytes(b"left by a crash")
    assert spool.wipe() == 1
    assert not (tmp_path / "spool").exists()


def _spool_for_ever(folder: str, ready: "multiprocessing.connection.Connection") -> None:
    spool = Spool(Path(folder), KEY)
    while True:
        ready.send(spool.put(LINE))


@pytest.mark.parametrize("seed", range(6))
def test_a_kill_at_any_moment_loses_at_most_the_one_in_flight(tmp_path: Path, seed: int) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_spool_for_ever, args=(str(tmp_path / "spool"), theirs))
    process.start()
    theirs.close()
    assert process.pid is not None
    assert ours.poll(10)
    time.sleep(random.Random(seed).random() * 0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    reported = set()
    try:
        while ours.poll(0):
            reported.add(ours.recv())
    except (EOFError, OSError):
        pass  # cut in the middle of telling
    spool = Spool(tmp_path / "spool")
    kept = {one.measurement_id: one.path.read_bytes() for one in spool.waiting()}
    assert reported <= set(kept)
    assert len(kept) <= len(reported) + 1
    assert all(unseal_untrusted(sealed, PRIVATE) == LINE for sealed in kept.values())
    assert not list((tmp_path / "spool").glob("*.part"))
    assert b"forbidden" not in everything_in(tmp_path)


def test_a_storm_of_kills_and_failures_loses_nothing(tmp_path: Path) -> None:
    # the same with ten thousand: python -m tests.probe.spool.storm
    result = storm(120, 7, tmp_path / "spool", life_s=0.03, most_kills=3)
    assert result["lost"] == 0
    assert result["accepted_twice"] == 0
    assert result["left_on_disk"] == 0
    assert result["plain_text_on_disk"] is False
    assert int(str(result["put"])) >= 120
    assert int(str(result["kills"])) >= 1
