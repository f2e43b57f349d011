"""Lines of a file that came before, so that copies are counted and not read again."""

from hashlib import blake2b


class SeenLines:
    """Hashes of lines or ids, in bounded memory: where it is full, it begins anew."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._hashes: set[int] = set()

    def came_before(self, data: bytes) -> bool:
        """Return whether the same bytes came before, and remember them."""
        digest = int.from_bytes(blake2b(data, digest_size=8).digest())
        if digest in self._hashes:
            return True
        if len(self._hashes) >= self._most:
            self._hashes.clear()
        self._hashes.add(digest)
        return False
