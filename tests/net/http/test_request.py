"""HTTP/1.1 and HTTP/2 requests, in memory."""

import time

import pytest

from banwatch.net.http.request import HttpExchange, HttpRequest, exchange
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.net.seam import TlsSettings
from tests.net import servers
from tests.net.running import run
from tests.net.servers import Page

ADDRESS = ("93.184.216.34", 443)


async def fetch(
    handler: Handler, *, alpn: str, limit_bytes: int = 1 << 16, tls: bool = False
) -> HttpExchange:
    net = MemoryNet(tcp={ADDRESS: handler})
    stream = await net.open_tcp(*ADDRESS)
    if tls:
        stream = await net.start_tls(stream, TlsSettings(server_name="site.example", alpn=(alpn,)))
    result = HttpExchange()
    request = HttpRequest(scheme="https", authority="site.example", path="/")
    await exchange(stream, request, result, alpn=alpn, limit_bytes=limit_bytes, clock=time.monotonic)
    return result


@pytest.mark.parametrize("alpn", ["h2", "http/1.1"])
def test_a_page_is_fetched_whole_and_cut_at_the_limit(alpn: str) -> None:
    site = servers.https_site(Page(body=b"x" * 10_000), servers.make_context("site.example"))
    whole = run(fetch(site, alpn=alpn, tls=True))
    assert whole.failure is None
    assert whole.response is not None
    assert (whole.response.status, len(whole.response.body)) == (200, 10_000)
    assert not whole.response.is_truncated
    cut = run(fetch(site, alpn=alpn, tls=True, limit_bytes=100))
    assert cut.response is not None
    assert (len(cut.response.body), cut.response.is_truncated) == (100, True)


@pytest.mark.parametrize(
    ("answer", "failure", "body"),
    [
        (b"", "eof_error", None),
        (b"\x00\x01\x02 nonsense\r\n\r\n", "unknown_failure: malformed HTTP response", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "eof_error", b"short"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", None, b"until the end"),
        (b"HTTP/1.0 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", None, b"no"),
    ],
)
def test_odd_responses_are_recorded_as_far_as_they_came(
    answer: bytes, failure: str | None, body: bytes | None
) -> None:
    async def serve(stream: MemoryStream) -> None:
        await stream.read(65536)
        if answer:
            await stream.write(answer)

    result = run(fetch(serve, alpn=""))
    assert result.failure == failure
    assert (result.response.body if result.response else None) == body
