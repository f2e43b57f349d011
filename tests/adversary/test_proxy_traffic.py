"""Nothing of a delivery goes beside a configured proxy: system calls of the real command are traced."""

import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from banwatch.probe.spool.sealing import make_keys
from banwatch.probe.spool.spool import Spool

_INET = re.compile(r"sa_family=AF_INET6?, sin6?_port=htons\((\d+)\)")


@contextmanager
def refusing_proxy() -> Iterator[tuple[int, list[bytes]]]:
    """Run a SOCKS5 proxy that reads what it is asked for, and reaches nothing."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)

        def run() -> None:
            try:
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.settimeout(10)
                        connection.recv(64)
                        connection.sendall(b"\x05\x00")
                        asked.append(connection.recv(512))
                        connection.sendall(b"\x05\x04\x00\x01\0\0\0\0\0\0")
            except OSError:
                pass

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listening.getsockname()[1], asked


@pytest.mark.slow
@pytest.mark.parametrize("host", ["abcdefghijklmnop.onion", "collector.example"])
def test_a_delivery_through_a_proxy_talks_to_the_proxy_alone(tmp_path: Path, host: str) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: apt-get install strace")
    spool = Spool(tmp_path / "spool", make_keys()[1].hex())
    spool.put(b'{"test_name":"x"}')
    trace = tmp_path / "trace"
    program = [str(Path(sys.executable).with_name("banwatch")), "spool", "push", f"https://{host}"]
    with refusing_proxy() as (port, asked):
        command = [strace, "-f", "-e", "trace=%network", "-s", "256", "-o", str(trace), *program]
        options = ["--spool", str(tmp_path / "spool"), "--proxy", f"127.0.0.1:{port}"]
        ran = subprocess.run([*command, *options], capture_output=True, text=True, timeout=100, check=False)
    calls = trace.read_text()
    if "PTRACE" in ran.stderr or "exited with" not in calls:
        pytest.skip(f"strace may not trace here: {ran.stderr[:100]}")
    assert asked, ran.stderr  # the proxy was asked, and by name
    assert host.encode() in asked[0]
    lines = [line for line in calls.splitlines() if _INET.search(line)]
    outward = [line for line in lines if re.search(r"\b(connect|sendto|sendmsg|sendmmsg)\(", line)]
    assert outward
    assert {_INET.search(line)[1] for line in outward} == {str(port)}  # type: ignore[index]  # each line has one
    # the name is in what goes to the proxy, and in no question to a resolver or name service
    named = [line for line in calls.splitlines() if host.split(".")[0] in line]
    assert named
    assert all("sendto(" in line or "write(" in line for line in named)
    assert not re.search(r"htons\(53\)|resolve|nscd", calls)
