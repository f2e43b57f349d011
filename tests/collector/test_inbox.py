"""The inbox keeps every acknowledged line whole and once, through any crash."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from banwatch.collector.inbox import Inbox
from banwatch.collector.incoming_file import FullError
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
