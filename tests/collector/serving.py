"""`banwatch serve --collector` as a process, and a client of it."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Serving:
    """Running collector."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send one request, and return status, body and headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    def say(self, path: str, value: object) -> tuple[int, dict[str, object]]:
        """Post JSON, and read JSON."""
        status, body, _ = self.ask("POST", path, json.dumps(value).encode())
        return status, json.loads(body)

    def wait_for(self, path: str, wanted: bytes, seconds: float = 30) -> bytes:
        """Repeat a request until its answer holds some bytes."""
        until = time.monotonic() + seconds
        while True:
            body = self.ask("GET", path)[1]
            if wanted in body:
                return body
            assert time.monotonic() < until, (wanted, body[-2000:])
            time.sleep(0.1)


def command(*words: object) -> list[str]:
    """Make a command line of `banwatch`."""
    return [sys.executable, "-m", "banwatch.cli.main", *map(str, words)]


@contextmanager
def serving(store: Path, *options: object, port: int = 0) -> Iterator[Serving]:
    """Run the collector over a store while the block lasts; it is ended by a signal."""
    words = command("serve", "--collector", "--store", store, *options)
    if port:
        words += ["--port", str(port)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=store.parent)
    said: list[str] = []
    try:
        assert process.stderr is not None
        for text in process.stderr:
            said.append(text)
            if "Banwatch is at" in text:
                break
        else:
            raise AssertionError("".join(said))
        rest = threading.Thread(target=process.stderr.read, daemon=True)
        rest.start()
        yield Serving(process, int(said[-1].split(":")[2].split("/")[0]))
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()
