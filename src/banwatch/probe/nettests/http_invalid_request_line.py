"""The `http_invalid_request_line` nettest (OONI ts-007): does anybody answer in an echo server's place.

Invalid request lines go to a server that sends back every byte. A device on the way that understands HTTP
answers with an error, and so shows itself.
"""

import asyncio
import random
import string
from collections.abc import Mapping

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import Failure
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Stream
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest, read_data
from banwatch.probe.steps.http import as_text
from banwatch.probe.steps.tcp import tcp_connect

_MAX_ECHO_BYTES = 1 << 14
_MORE_S = 0.2
"""Wait for more after a full echo: further bytes come from another device."""
_LETTERS = string.ascii_letters + string.digits


class HelperData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server at the other end."""

    helper: str
    """`ip:port`."""


DATA = read_data("http_invalid_request_line", HelperData)


def make_request_lines(rng: random.Random) -> list[bytes]:
    """Return the lines of the specification; their strange ends (LF, CR) are part of it."""

    def word(length: int) -> str:
        return "".join(rng.choices(_LETTERS, k=length))

    lines = (
        f"{word(4)} / HTTP/1.1\n\r",
        " ".join(word(5) for _ in range(4)) + "\n\r",
        f"{word(1024)} / HTTP/1.1\n\r",
        f"GET / HTTP/{word(3)}\n\r",
        "GET cache_object://localhost/ HTTP/1.0\n\r",
    )
    return [line.encode("ascii") for line in lines]


async def measure_request_lines(context: NettestContext, given: str) -> Mapping[str, object]:
    """Send each line on a connection of its own; the test keys."""
    helper = parse_endpoint(given or DATA.helper)
    sent = make_request_lines(context.settings.rng)
    connects: list[wire.TcpConnect] = []
    received: list[bytes] = []
    failures: list[Failure | None] = []
    async with context.politeness.addresses.hold(helper.ip):
        for line in sent:
            echo, failure = await _send(context, helper, line, connects)
            received.append(echo)
            failures.append(failure)
    tampering = [is_tampered(line, echo) for line, echo in zip(sent, received, strict=True)]
    return {
        "sent": [as_text(line) for line in sent],
        "received": [as_text(echo) for echo in received],
        "failure_list": failures,
        "failure": next(iter(failures)) if not any(received) else None,
        "tampering_list": tampering,
        "tampering": any(tampering),
        "tcp_connect": connects,
        "network_events": context.trace.events,
    }


def is_tampered(sent: bytes, received: bytes) -> bool:
    """Return whether other bytes came back. An echo that breaks off, or never comes, is cut, not changed."""
    return not sent.startswith(received)


async def _send(
    context: NettestContext, helper: Endpoint, line: bytes, connects: list[wire.TcpConnect]
) -> tuple[bytes, Failure | None]:
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, helper, timeout_s=times.tcp_s, trace=context.begin())
    connects.append(connect)
    if stream is None:
        return b"", connect.status.failure if connect.status else None
    received = bytearray()
    failure: Failure | None = None
    try:
        async with asyncio.timeout(times.http_s):
            await stream.write(line)
            failure = await _read_echo(stream, len(line), received)
    except NetworkFailure as error:
        failure = error.failure
    except TimeoutError:
        failure = df007.GENERIC_TIMEOUT
    finally:
        stream.close()
    return bytes(received), failure


async def _read_echo(stream: Stream, length: int, received: bytearray) -> Failure | None:
    """Read as much as was sent, and what comes right after it; into `received`, as far as it came."""
    while len(received) < length:
        data = await stream.read(_MAX_ECHO_BYTES)
        if not data:
            return df007.EOF
        received += data
    try:
        async with asyncio.timeout(_MORE_S):
            while len(received) < _MAX_ECHO_BYTES and (data := await stream.read(_MAX_ECHO_BYTES)):
                received += data
    except (TimeoutError, NetworkFailure):
        pass  # nothing more, which is as it should be; the echo is whole
    return None


NETTEST = Nettest(
    name="http_invalid_request_line",
    version="0.2.0",
    spec="ts-007",
    purpose="Does a device on the way answer lines that are no HTTP in an echo server's place.",
    risk="It looks like a broken browser: lines that are no HTTP go to one of OONI's servers.",
    measure=measure_request_lines,
    check_input=parse_endpoint,
)
