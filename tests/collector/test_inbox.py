"""What was kept is there, whole and once, whatever happens in between."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from banwatch.collector.inbox import Inbox
from banwatch.collector.incoming_file import FullError
from banwatch.collector.keys import load_keys
from banwatch.collector.rate_limit import FORGET_S, RateLimit
from banwatch.model.errors import BanwatchError

KEEP = """
import sys
from pathlib import Path
from banwatch.collector.inbox import Inbox
inbox = Inbox(Path(sys.argv[1]))
number = 0
while True:
    inbox.keep(b"line %d" % number).result()
    print(number, flush=True)
    number += 1
    if number % 7 == 0:
        inbox.finish_journal()
"""


def _lines(inbox: Inbox) -> list[bytes]:
    return b"".join(path.read_bytes() for path in inbox.waiting()).splitlines()


def test_lines_are_kept_in_order(tmp_path: Path) -> None:
    with Inbox(tmp_path / "in") as inbox:
        kept = [inbox.keep(b"%d" % n) for n in range(500)]
        for one in kept:
            one.result(timeout=10)
        inbox.finish_journal()
        assert _lines(inbox) == [b"%d" % n for n in range(500)]
        assert inbox.waiting_bytes == sum(p.stat().st_size for p in inbox.waiting())
        for path in inbox.waiting():
            inbox.done(path)
        assert inbox.waiting_bytes == 0
    assert (tmp_path / "in").stat().st_mode & 0o777 == 0o700


def test_what_was_acknowledged_survives_any_death(tmp_path: Path) -> None:
    acknowledged = -1
    for deaths in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KEEP, tmp_path / str(deaths)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(5 + 3 * deaths):
            acknowledged = int(process.stdout.readline())
        process.kill()
        rest = process.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        with Inbox(tmp_path / str(deaths)) as inbox:
            found = [int(text.split()[1]) for text in _lines(inbox)]
        assert found[: acknowledged + 1] == list(range(acknowledged + 1))
        assert len(found) <= acknowledged + 2  # one more may have been written and not been told of


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "00000001-ab.open").write_bytes(b"whole\nha")
    (tmp_path / "00000002-cd.open").write_bytes(b"h" * 3_000_000)
    (tmp_path / "00000003-ef.part").write_bytes(b"part of a file")
    with Inbox(tmp_path) as inbox:
        assert _lines(inbox) == [b"whole"]
        assert len(inbox.waiting()) == 1


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Inbox(tmp_path), pytest.raises(BanwatchError, match="used by another collector"):
        Inbox(tmp_path)
    Inbox(tmp_path).close()


def test_no_more_than_there_is_room_for(tmp_path: Path) -> None:
    with Inbox(tmp_path, max_bytes=100) as inbox:
        inbox.keep(b"x" * 60).result()
        with pytest.raises(FullError):
            inbox.keep(b"x" * 60).result()
        incoming = inbox.begin_file()
        incoming.write(b"x" * 30)
        with pytest.raises(FullError):
            incoming.write(b"x" * 30)
        incoming.drop()
        inbox.finish_journal()
        assert _lines(inbox) == [b"x" * 60]


def test_a_full_disk_refuses_and_leaves_nothing_half(tmp_path: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    script = """
import sys
from pathlib import Path
from banwatch.collector.inbox import Inbox
from banwatch.collector.incoming_file import FullError
inbox = Inbox(Path(sys.argv[1]))
taken = 0
for n in range(30):
    try:
        inbox.keep(b"%05d" % n + b"x" * 30_000).result()
        print(n)
    except FullError:
        print("full")
inbox.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        preexec_fn=limit,  # a limit of the child alone
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.split()
    assert "full" in said
    with Inbox(tmp_path) as inbox:
        assert [int(text[:5]) for text in _lines(inbox)] == [int(n) for n in said if n != "full"]


def test_a_file_is_kept_whole(tmp_path: Path) -> None:
    with Inbox(tmp_path) as inbox:
        incoming = inbox.begin_file()
        incoming.write(b"one")
        assert inbox.waiting() == []
        incoming.write(b"two")
        incoming.finish()
        incoming.drop()
        (path,) = inbox.waiting()
        assert path.read_bytes() == b"onetwo"
        assert path.stat().st_mode & 0o777 == 0o600
        assert inbox.waiting_bytes == 6


def test_clients_are_slowed_down_and_not_known() -> None:
    now = 0.0
    limit = RateLimit(60, burst=3, clock=lambda: now)
    for _ in range(3):
        assert limit.wait_s("192.0.2.1") == 0
        limit.charge("192.0.2.1", 0)
    assert limit.wait_s("192.0.2.1") == 1
    assert limit.wait_s("192.0.2.2") == 0
    assert b"192" not in repr(limit.__dict__).encode()
    now += 1.5
    assert limit.wait_s("192.0.2.1") == 0
    limit.charge("192.0.2.1", 10 * 256 << 10)
    assert 9 < limit.wait_s("192.0.2.1") < 12
    limit.charge("2001:db8:0:12::1", 10 << 20)
    assert limit.wait_s("2001:db8:0:13::2") > 0
    assert limit.wait_s("2001:db8:1:12::1") == 0
    now += FORGET_S + 1
    assert limit.wait_s("192.0.2.1") == 0
    assert RateLimit(0).wait_s("192.0.2.1") == 0


def test_a_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(BanwatchError, match="cannot be read"):
        load_keys(path, make=False)
    keys = load_keys(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keys(path, make=True) == keys
    assert len(keys.published) == 64
    assert keys.private.hex() not in keys.published
    os.chmod(path, 0o640)
    with pytest.raises(BanwatchError, match="read by others"):
        load_keys(path, make=True)
    path.write_text("no key")
    os.chmod(path, 0o600)
    with pytest.raises(BanwatchError, match="holds no private key"):
        load_keys(path, make=True)
