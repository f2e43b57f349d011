"""A stream that sends its first bytes in two segments, cut where a reader of single packets goes blind."""

import asyncio

from banwatch.net.seam import Stream, TcpInfo

_BETWEEN_S = 0.02
"""Long enough for the kernel not to send both together, short enough for any server."""


class SplitFirstWrite:
    """Cut the first write in the middle of a marker.

    Args:
        stream: a connection without Nagle's algorithm, as all of ours are.
        marker: what to cut in two, such as the server name; the first write is halved where it is not there.
    """

    def __init__(self, stream: Stream, marker: bytes) -> None:
        self._stream = stream
        self._marker: bytes | None = marker

    async def read(self, limit_bytes: int) -> bytes:
        """Read on."""
        return await self._stream.read(limit_bytes)

    async def write(self, data: bytes) -> None:
        """Write, the first time in two pieces."""
        if self._marker is None:
            await self._stream.write(data)
            return
        found = data.find(self._marker) if self._marker else -1
        cut = found + len(self._marker) // 2 if found >= 0 else len(data) // 2
        self._marker = None
        await self._stream.write(data[:cut])
        await asyncio.sleep(_BETWEEN_S)
        await self._stream.write(data[cut:])

    def tcp_info(self) -> TcpInfo:
        """Ask the stream."""
        return self._stream.tcp_info()

    def set_ttl(self, hops: int) -> None:
        """Tell the stream."""
        self._stream.set_ttl(hops)

    def ignore_resets(self) -> bool:
        """Tell the stream."""
        return self._stream.ignore_resets()

    def ignored_packets(self) -> int | None:
        """Ask the stream."""
        return self._stream.ignored_packets()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
