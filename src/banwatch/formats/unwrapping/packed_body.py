"""Compressed bodies: bytes of a response that a probe kept as the server packed them."""

import zlib
from collections.abc import Callable

import zstandard

_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
MOST_BYTES = 1 << 24
"""Unpacked bytes that are looked at; a body that has more is dropped rather than kept unread."""
_STEP_BYTES = 1 << 12
_OF_GZIP, _OF_ZLIB = 31, 15
"""Values of `wbits` (zlib's manual, inflateInit2)."""


def rewrite_packed(data: bytes, rewrite: Callable[[bytes], bytes]) -> bytes:
    """Rewrite what is packed in some bytes, and pack it again in the same way.

    Returns:
        The very same object where nothing is packed or nothing changes; empty where more is packed than can
        be looked at. Of a body that is cut short or damaged, what comes before.
    """
    wbits = _OF_GZIP if data.startswith(_GZIP) else _OF_ZLIB if data.startswith(_ZLIB) else None
    if wbits is None and not data.startswith(_ZSTD):
        return data
    unpacked = _unpack_zstd(data) if wbits is None else _unpack_zlib(data, wbits)
    if len(unpacked) > MOST_BYTES:
        return b""
    rewritten = rewrite(unpacked)
    if rewritten == unpacked:
        return data
    if wbits is None:
        return zstandard.ZstdCompressor().compress(rewritten)
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(rewritten) + packer.flush()


def _unpack_zlib(data: bytes, wbits: int) -> bytes:
    """Unpack up to a limit, or to where the data are damaged; a gzip file may have several members."""
    found = bytearray()
    while data and len(found) <= MOST_BYTES:
        unpacker = zlib.decompressobj(wbits=wbits)
        while data and not unpacker.eof and len(found) <= MOST_BYTES:
            try:
                found += unpacker.decompress(data[:_STEP_BYTES], MOST_BYTES + 1)
            except zlib.error:
                return bytes(found)
            data = unpacker.unconsumed_tail + data[_STEP_BYTES:]
        data = unpacker.unused_data + data
    return bytes(found)


def _unpack_zstd(data: bytes) -> bytes:
    found = bytearray()
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            while len(found) <= MOST_BYTES and (piece := reader.read(_STEP_BYTES)):
                found += piece
    except zstandard.ZstdError:
        pass  # damaged here: what came before counts
    return bytes(found)
