"""Reassembly of one direction of a TCP connection, and the number of segments that a message took."""

_STREAM_LIMIT_BYTES = 65_536
_SEGMENT_LIMIT = 64


class TcpReassembly:
    """Reassembled side of a TCP connection: its bytes in order, and the segments that they came in.

    The first copy of a byte counts. Limits bound the memory of one flow.
    """

    __slots__ = ("_base", "_ends", "_waiting", "data", "start")

    def __init__(self, base: int) -> None:
        self._base = base
        """Sequence number of `data[0]`."""
        self.data = bytearray()
        self.start = 0
        """Index in `data` of the current message's first byte."""
        self._ends: list[int] = []
        self._waiting: dict[int, bytes] = {}

    def feed(self, seq: int, payload: bytes) -> bool:
        """Take a segment; returns whether more of the stream can be read now, False for a retransmission."""
        offset = (seq - self._base + 2**31) % 2**32 - 2**31  # serial number arithmetic, RFC 1982
        end = len(self.data)
        if offset + len(payload) <= end or offset > end + _STREAM_LIMIT_BYTES:
            return False
        if offset > end:
            if len(self._waiting) < _SEGMENT_LIMIT:
                self._waiting.setdefault(offset, payload)
            return False
        self._append(payload[end - offset :])
        while self._waiting:
            found = next((at for at in self._waiting if at <= len(self.data)), None)
            if found is None:
                break
            waiting = self._waiting.pop(found)
            rest = waiting[len(self.data) - found :]
            if rest:
                self._append(rest)
        return True

    def _append(self, piece: bytes) -> None:
        self.data += piece
        self._ends.append(len(self.data))

    @property
    def next_seq(self) -> int:
        """Return the sequence number after the last byte that is in order."""
        return (self._base + len(self.data)) % 2**32

    def segments_up_to(self, position: int) -> int:
        """Return how many segments carried the current message up to `position`."""
        first = next((i for i, end in enumerate(self._ends) if end > self.start), len(self._ends) - 1)
        last = next((i for i, end in enumerate(self._ends) if end >= position), len(self._ends) - 1)
        return last - first + 1

    def forget(self) -> None:
        """Release the bytes, and keep the position."""
        self._base = self.next_seq
        self.data, self.start, self._ends = bytearray(), 0, []
        self._waiting.clear()

    def skip(self, position: int) -> None:
        """Move on to the next message, which begins at `position`."""
        self.start = position

    @property
    def is_full(self) -> bool:
        """Return whether the limits are reached."""
        return len(self.data) > _STREAM_LIMIT_BYTES or len(self._ends) > 4 * _SEGMENT_LIMIT
