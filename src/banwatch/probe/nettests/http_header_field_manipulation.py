"""The `http_header_field_manipulation` nettest (OONI ts-006): do headers arrive as they were sent.

Headers of strange capitals go to a server that reports in JSON how they arrived. A proxy changes capitals.
"""

import asyncio
import json
import random
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import h11
import msgspec

from banwatch.formats.ooni import wire
from banwatch.formats.scrub import scrubber
from banwatch.model import failure as df007
from banwatch.model.errors import WireError
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Stream
from banwatch.probe.nettest_context import NettestContext
from banwatch.probe.nettests.registry import Nettest, read_data
from banwatch.probe.steps.http import BROWSER_HEADERS, as_text
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.written_records import WrittenRequest

Pairs = Sequence[tuple[str, str]]

_MAX_BODY_BYTES = 1 << 16
_READ_BYTES = 1 << 14


class HelperData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server at the other end."""

    helper: str
    """`ip:port`."""


DATA = read_data("http_header_field_manipulation", HelperData)


@dataclass(frozen=True, slots=True)
class Echoed:
    """Request as the server says that it arrived."""

    request_line: str
    headers: Pairs


class Tampering(msgspec.Struct, frozen=True, kw_only=True):
    """Respects in which the request arrived otherwise than it was sent."""

    total: bool = False
    """Another server answered: the answer is not that server's JSON."""
    request_line_capitalization: bool = False
    header_name_capitalization: bool = False
    header_field_name: bool = False
    header_field_value: bool = False
    header_field_number: bool = False
    header_name_diff: list[str] = []


def capitalize_at_random(text: str, rng: random.Random) -> str:
    """Set each letter large or small, by chance."""
    return "".join(letter.upper() if rng.random() < 0.5 else letter.lower() for letter in text)


def make_headers(rng: random.Random) -> list[tuple[str, str]]:
    """Return a browser's headers, for a host that does not exist."""
    host = "".join(rng.choices(string.ascii_letters + string.digits, k=15)) + ".com"
    plain = [
        ("Host", host),
        *BROWSER_HEADERS,
        ("Accept-Charset", "ISO-8859-1,utf-8;q=0.7,*;q=0.3"),
    ]
    return [(capitalize_at_random(name, rng), value) for name, value in plain]


def parse_echo_untrusted(body: bytes) -> Echoed:
    """Read what the server got.

    Raises:
        WireError: it is not that server's answer.
    """
    try:
        answer = json.loads(body)
        line, pairs = answer["request_line"], answer["request_headers"]
        headers = [(name, value) for name, value in pairs]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError("not the answer of a server that tells headers") from error
    if not isinstance(line, str) or not all(isinstance(text, str) for pair in headers for text in pair):
        raise WireError("headers that are no text")
    return Echoed(line, headers)


def compare(sent_line: str, sent: Pairs, got: Echoed) -> Tampering:
    """Say in which respects the two differ. The order of headers is not compared."""
    sent_names, got_names = Counter(name for name, _ in sent), Counter(name for name, _ in got.headers)
    sent_lower = {name.lower(): value for name, value in sent}
    got_lower = {name.lower(): value for name, value in got.headers}
    both = sent_lower.keys() & got_lower.keys()
    got_exact = set(got_names)
    return Tampering(
        request_line_capitalization=got.request_line != sent_line,
        header_name_capitalization=any(name.lower() in both and name not in got_exact for name in sent_names),
        header_field_name=sent_lower.keys() != got_lower.keys(),
        header_field_value=any(sent_lower[name] != got_lower[name] for name in both),
        header_field_number=len(sent) != len(got.headers),
        header_name_diff=sorted(set(sent_names) ^ got_exact),
    )


async def measure_header_fields(context: NettestContext, given: str) -> Mapping[str, object]:
    """Send one request and compare; the test keys."""
    helper = parse_endpoint(given or DATA.helper)
    rng = context.settings.rng
    method, headers = capitalize_at_random("get", rng), make_headers(rng)
    answer = _Answer()
    connects: list[wire.TcpConnect] = []
    trace = context.begin()
    t0 = trace.elapsed_s()
    async with context.politeness.addresses.hold(helper.ip):
        failure = await _request(context, helper, method, headers, answer, connects)
    tampering = Tampering(total=True)
    if failure is None:
        try:
            got = parse_echo_untrusted(bytes(answer.body))
            tampering = compare(f"{method} / HTTP/1.1", headers, got)
        except WireError:
            pass  # `total` stays: only that server should have answered
    request = wire.HttpTransaction(
        network="tcp",
        address=str(helper),
        alpn="",
        failure=failure,
        request=WrittenRequest(
            method=method,
            url=f"http://{helper}/",
            headers=dict(headers),
            headers_list=list(headers),
            body="",
            body_is_truncated=False,
            x_transport="tcp",
        ),
        response=_write_response(context, answer),
        t0=t0,
        t=trace.elapsed_s(),
        transaction_id=trace.transaction_id,
        tags=[],
    )
    return {
        "agent": "agent",
        "socksproxy": None,
        "failure": failure,
        "requests": [request],
        "tampering": tampering,
        "tcp_connect": connects,
        "network_events": context.trace.events,
    }


class _Answer:
    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()


def _write_response(context: NettestContext, answer: _Answer) -> wire.HttpResponse | None:
    if not answer.status:
        return None
    pairs = [(as_text(name), as_text(value)) for name, value in answer.headers]
    scrub = scrubber((*context.net.own_addresses, *context.settings.own_addresses))
    return wire.HttpResponse(
        code=answer.status,
        headers={name: value for name, value in pairs if isinstance(name, str)},
        headers_list=pairs,
        body=as_text(scrub(bytes(answer.body))),
        body_is_truncated=len(answer.body) >= _MAX_BODY_BYTES,
    )


async def _request(
    context: NettestContext,
    helper: Endpoint,
    method: str,
    headers: Pairs,
    answer: _Answer,
    connects: list[wire.TcpConnect],
) -> Failure | None:
    times = context.settings.timeouts
    stream, connect = await tcp_connect(context.net, helper, timeout_s=times.tcp_s, trace=context.begin())
    connects.append(connect)
    if stream is None:
        return connect.status.failure if connect.status else df007.EOF
    try:
        async with asyncio.timeout(times.http_s):
            return await _exchange(stream, method, headers, answer)
    except NetworkFailure as error:
        return error.failure
    except TimeoutError:
        return df007.GENERIC_TIMEOUT
    except h11.RemoteProtocolError:
        return f"{UNKNOWN_FAILURE_PREFIX}malformed HTTP response"
    finally:
        stream.close()


async def _exchange(stream: Stream, method: str, headers: Pairs, answer: _Answer) -> Failure | None:
    """Send the headers exactly as they are, and nothing else; read the answer."""
    connection = h11.Connection(h11.CLIENT)
    head = connection.send(h11.Request(method=method, target="/", headers=list(headers)))
    end = connection.send(h11.EndOfMessage())
    await stream.write((head or b"") + (end or b""))
    while len(answer.body) < _MAX_BODY_BYTES:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await stream.read(_READ_BYTES)
            if not data and not answer.status:
                return df007.EOF
            connection.receive_data(data)
        elif isinstance(event, h11.Response):
            answer.status = event.status_code
            answer.headers = list(event.headers.raw_items())
        elif isinstance(event, h11.Data):
            answer.body += event.data[: _MAX_BODY_BYTES - len(answer.body)]
        elif not isinstance(event, h11.InformationalResponse):
            return None
    return None


NETTEST = Nettest(
    name="http_header_field_manipulation",
    version="0.2.0",
    spec="ts-006",
    purpose="Do HTTP headers arrive as they were sent.",
    risk="It looks like an odd browser: headers of strange capitals go to one of OONI's servers.",
    measure=measure_header_fields,
    check_input=parse_endpoint,
)
