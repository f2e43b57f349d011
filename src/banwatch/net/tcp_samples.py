"""Samples of a TCP connection's kernel facts, taken while something else uses it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from banwatch.net.seam import Stream, TcpInfo

_EVERY_S = 0.025
_MAX_SAMPLES = 400
"""Limit of samples; there every other one is dropped, and half as many are taken from then on."""


@asynccontextmanager
async def sample_tcp_info(
    stream: Stream, clock: Callable[[], float]
) -> AsyncIterator[list[tuple[float, TcpInfo]]]:
    """Note what the kernel knows of a connection: (moment, info), while the context lasts."""
    samples: list[tuple[float, TcpInfo]] = []

    async def watch() -> None:
        every_s = _EVERY_S
        while True:
            samples.append((clock(), stream.tcp_info()))
            if len(samples) >= _MAX_SAMPLES:
                del samples[1::2]
                every_s *= 2
            await asyncio.sleep(every_s)

    task = asyncio.create_task(watch())
    try:
        yield samples
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        samples.append((clock(), stream.tcp_info()))
