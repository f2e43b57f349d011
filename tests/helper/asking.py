"""A helper in memory, and questions to it."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from banwatch.helper import Helper, create_helper
from banwatch.helper.settings import HelperSettings
from banwatch.model.ids import Asn
from banwatch.net.memory import MemoryNet, Responder
from tests.net import servers
from tests.net.servers import NOW, Page

T = TypeVar("T")


LOCAL = "127.0.0.1"


SITE = "93.184.216.34"


SECOND = "93.184.216.35"


RESOLVER = "9.9.9.9:53"


def run(work: Coroutine[object, object, T]) -> T:
    async def settle() -> T:
        try:
            return await asyncio.wait_for(work, 20)
        finally:
            await asyncio.sleep(0.01)  # lets sockets close

    return asyncio.run(settle())


def make(folder: Path, net: MemoryNet, **changes: Any) -> Helper:
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    given: dict[str, Any] = {
        "resolvers": (RESOLVER,),
        "ca_file": ca_file,
        "now": lambda: NOW,
        "step_timeout_s": 0.3,
        "total_timeout_s": 2.0,
        "asn_of": lambda ip: Asn(15133 if ip == SITE else 0),
    }
    return create_helper(HelperSettings(**(given | changes)), net)


def make_net(zone: dict[str, list[str]] | None = None, **tcp: Any) -> MemoryNet:
    listening = {(SITE, 443): servers.https_site(Page(), servers.make_context("site.example"))}
    resolver: Responder = servers.dns_server(zone or {"site.example": [SITE]})
    return MemoryNet(tcp={**listening, **tcp.get("tcp", {})}, udp={("9.9.9.9", 53): resolver})


async def post(port: int, body: bytes, *, head: bytes = b"POST / HTTP/1.1") -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(LOCAL, port)
    try:
        length = str(len(body)).encode()
        writer.write(
            head + b"\r\nHost: h\r\nConnection: close\r\nContent-Length: " + length + b"\r\n\r\n" + body
        )
        answer = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    top, _, content = answer.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), content


def ask(folder: Path, net: MemoryNet, request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    async def converse() -> dict[str, Any]:
        helper = make(folder, net, **changes)
        port = await helper.start(LOCAL, 0)
        try:
            status, content = await post(port, json.dumps(request).encode())
        finally:
            await helper.stop()
        assert status == 200
        answer: dict[str, Any] = json.loads(content)
        return answer

    return run(converse())
