"""A TLS 1.3 handshake with extensions of our own."""

import asyncio
import random
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banwatch.model import failure as df007
from banwatch.net.failure import NetworkFailure
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.net.seam import TlsFacts
from banwatch.net.tls.ech import ENCRYPTED_CLIENT_HELLO, make_grease
from banwatch.net.tls.handshake import describe_alert
from banwatch.net.tls.tls13 import shake_hands_with
from tests.net import servers

PLACE = ("192.0.2.1", 443)


def shake(handler: Handler, name: str = "site.example") -> TlsFacts:
    async def go() -> TlsFacts:
        stream = await MemoryNet(tcp={PLACE: handler}).open_tcp(*PLACE)
        grease = make_grease(random.Random(1))
        return await asyncio.wait_for(shake_hands_with(stream, name, alpn=("h2",), further=(grease,)), 5)

    return asyncio.run(go())


def test_a_server_completes_it() -> None:
    done = asyncio.Event()
    context = servers.make_context("site.example")

    async def serve(stream: MemoryStream) -> None:
        tls = servers.ServerTls(stream, context)
        await tls.handshake()
        assert tls.tls.version() == "TLSv1.3"
        done.set()

    facts = shake(serve)
    assert (facts.version, facts.alpn, len(facts.peer_certificates)) == ("TLSv1.3", "h2", 1)
    assert facts.cipher_suite in {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"}
    assert done.is_set()


def test_an_old_server_is_said_to_be_old() -> None:
    context = servers.make_context.__wrapped__("site.example")  # not the one that other tests are given
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def serve(stream: MemoryStream) -> None:
        await servers.ServerTls(stream, context).handshake()

    with pytest.raises(NetworkFailure) as raised:
        shake(serve)
    assert "protocol version" in raised.value.failure


def answering(data: bytes) -> Handler:
    async def serve(stream: MemoryStream) -> None:
        await stream.read(65536)
        await stream.write(data)

    return serve


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (b"\x15\x03\x03\x00\x02\x02\x28", describe_alert(40)),
        (b"\x15\x03\x03\x00\x02\x02\x70", df007.SSL_INVALID_HOSTNAME),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unknown_failure: tls: first record does not look like"),
        (b"\x16\x03\x03\xff\xff", "unknown_failure: tls: oversized record"),
        (b"\x16\x03\x03\x00\x04\x02", df007.EOF),
        (b"\x14\x03\x03\x00\x01\x01" * 100, "unknown_failure: tls: handshake without end"),
    ],
)
def test_what_else_may_come(data: bytes, failure: str) -> None:
    with pytest.raises(NetworkFailure) as raised:
        shake(answering(data))
    assert raised.value.failure.startswith(failure)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_network_failure(data: bytes) -> None:
    for sent in (data, b"\x16\x03\x03" + len(data).to_bytes(2, "big") + data):
        with pytest.raises(NetworkFailure):
            shake(answering(sent))


def test_grease_looks_like_the_real_thing() -> None:
    kind, content = make_grease(random.Random(1))
    assert kind == ENCRYPTED_CLIENT_HELLO
    assert content[:5] == b"\x00\x00\x01\x00\x01"
    assert int.from_bytes(content[6:8], "big") == 32
    size = int.from_bytes(content[40:42], "big")
    assert len(content) == 42 + size
    assert (size - 16) % 32 == 0
    assert make_grease(random.Random(2))[1] != content
