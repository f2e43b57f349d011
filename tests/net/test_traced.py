"""Traces of streams."""

from banwatch.net.memory import MemoryNet, MemoryStream
from banwatch.net.seam import NetworkEvent
from banwatch.net.traced import TracedNet
from tests.net.running import run

ADDRESS = ("93.184.216.34", 443)


def test_a_trace_tells_every_connect_read_and_write() -> None:
    events: list[NetworkEvent] = []

    async def converse() -> None:
        async def echo(stream: MemoryStream) -> None:
            await stream.write(await stream.read(100))

        net = TracedNet(MemoryNet(tcp={ADDRESS: echo}), events.append)
        stream = await net.open_tcp(*ADDRESS)
        await stream.write(b"hello")
        assert await stream.read(3) == b"hel"
        assert await stream.read(100) == b"lo"
        assert await stream.read(100) == b""

    run(converse())
    seen = [(event.operation, event.num_bytes, event.failure) for event in events]
    assert seen == [
        ("connect", 0, None),
        ("write", 5, None),
        ("read", 3, None),
        ("read", 2, None),
        ("read", 0, "eof_error"),
    ]
