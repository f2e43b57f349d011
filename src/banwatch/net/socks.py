"""Streams through a SOCKS5 proxy (RFC 1928), such as Tor's; names are resolved beyond it."""

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Stream

_VERSION = 5
_NO_AUTHENTICATION = 0
_CONNECT = 1
_DOMAIN = 3
_MAX_NAME_BYTES = 255
_ADDRESS_BYTES = {1: 4, 4: 16}

_REPLIES: dict[int, Failure] = {
    3: df007.NETWORK_UNREACHABLE,
    4: df007.HOST_UNREACHABLE,
    5: df007.CONNECTION_REFUSED,
    6: df007.GENERIC_TIMEOUT,  # "TTL expired", which is what Tor says of a connection that took too long
}


async def ask_proxy(stream: Stream, host: str, port: int) -> None:
    """Have the proxy at the stream's other end connect it to a host; raises `NetworkFailure`.

    Wire:
        greeting  05 01 00             -> 05 00
        request   05 01 00 03 n name port(2) -> 05 reply 00 type address port(2)
    """
    name = host.encode("ascii")
    if not 0 < len(name) <= _MAX_NAME_BYTES:
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}proxy: name too long")
    await stream.write(bytes([_VERSION, 1, _NO_AUTHENTICATION]))
    if await _read_exactly(stream, 2) != bytes([_VERSION, _NO_AUTHENTICATION]):
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}proxy: no SOCKS5 proxy without a password")
    await stream.write(bytes([_VERSION, _CONNECT, 0, _DOMAIN, len(name)]) + name + port.to_bytes(2, "big"))
    version, reply, _, kind = await _read_exactly(stream, 4)
    if version != _VERSION:
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}proxy: no SOCKS5")
    if reply != 0:
        raise NetworkFailure(_REPLIES.get(reply, f"{UNKNOWN_FAILURE_PREFIX}proxy: refused ({reply})"))
    length = (await _read_exactly(stream, 1))[0] if kind == _DOMAIN else _ADDRESS_BYTES.get(kind)
    if length is None:
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}proxy: no SOCKS5")
    await _read_exactly(stream, length + 2)


async def _read_exactly(stream: Stream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await stream.read(size - len(data))
        if not more:
            raise NetworkFailure(df007.EOF)
        data += more
    return data
