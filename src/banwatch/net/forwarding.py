"""Base of streams that stand on another stream and change its reads and writes only."""

from banwatch.net.seam import Stream, TcpInfo


class ForwardingStream:
    """Forward every method to the stream beneath; a subclass overrides what it changes.

    Args:
        stream: the stream beneath.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, limit_bytes: int) -> bytes:
        """Read from the stream beneath."""
        return await self._stream.read(limit_bytes)

    async def write(self, data: bytes) -> None:
        """Write to the stream beneath."""
        await self._stream.write(data)

    def tcp_info(self) -> TcpInfo:
        """Ask the kernel about the connection beneath."""
        return self._stream.tcp_info()

    def set_ttl(self, hops: int) -> None:
        """Limit the hops of what follows."""
        self._stream.set_ttl(hops)

    def ignore_resets(self) -> bool:
        """Let the connection beneath outlive resets."""
        return self._stream.ignore_resets()

    def ignored_packets(self) -> int | None:
        """Count the segments that the connection beneath dropped."""
        return self._stream.ignored_packets()

    def close(self) -> None:
        """Let go of the stream beneath."""
        self._stream.close()
