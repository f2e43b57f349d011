"""Stream that sends its first bytes in two segments, cut so that a reader of single packets misses a name."""

import asyncio

from banwatch.net.forwarding import ForwardingStream
from banwatch.net.seam import Stream

_BETWEEN_S = 0.02
"""Long enough for the kernel not to send both together, short enough for any server."""


class SplitFirstWrite(ForwardingStream):
    """Cut the first write in the middle of a marker.

    Args:
        stream: a connection without Nagle's algorithm, as all of ours are.
        marker: what to cut in two, such as the server name; the first write is halved where it is not there.
    """

    def __init__(self, stream: Stream, marker: bytes) -> None:
        super().__init__(stream)
        self._marker: bytes | None = marker

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
