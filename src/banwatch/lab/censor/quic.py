"""Decryption of QUIC Initials, which any observer can do (RFC 9001, section 5.2; RFC 9369 for version 2)."""

from dataclasses import dataclass, field
from functools import lru_cache

from banwatch.lab.censor.message import ClientHello, read_hello_body_untrusted
from banwatch.model.errors import WireError

_V1, _V2 = 1, 0x6B3343CF
_SALTS = {
    _V1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    _V2: bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"),
}
_LABELS = {_V1: b"quic ", _V2: b"quicv2 "}
_CRYPTO_LIMIT_BYTES = 32_768
_PACKETS = 8
_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO, _CLOSE = 0, 1, 2, 3, 6, 0x1C


@dataclass(slots=True)
class InitialState:
    """CRYPTO bytes that a client has sent so far."""

    version: int
    destination_id: bytes
    pieces: dict[int, bytes] = field(default_factory=dict)
    packets: int = 0


@dataclass(frozen=True, slots=True)
class Initial:
    """Version of a QUIC connection, and its ClientHello where that could be read."""

    version: int
    hello: ClientHello | None


def read_initial_untrusted(
    state: InitialState | None, datagram: bytes
) -> tuple[InitialState, Initial | None]:
    """Read a client's datagram, from the first one on.

    Args:
        state: state after the datagrams before it; None for the first.
        datagram: a UDP payload.

    Returns:
        The new state, and the Initial once the ClientHello is complete or cannot be read.

    Raises:
        WireError: it is not a QUIC Initial.
    """
    if len(datagram) < 7 or not datagram[0] & 0x80:
        raise WireError("not a QUIC long header")
    version = int.from_bytes(datagram[1:5], "big")
    id_size = datagram[5]
    destination_id = datagram[6 : 6 + id_size]
    if version == 0 or id_size > 20 or len(datagram) < 7 + id_size:
        raise WireError("not a QUIC Initial")
    kind = datagram[0] >> 4 & 3
    if version in _SALTS and kind != (0 if version == _V1 else 1):
        raise WireError("not a QUIC Initial")
    if state is None:
        state = InitialState(version, destination_id)
    state.packets += 1
    if version not in _SALTS:
        return state, Initial(version, None)
    at = 6 + id_size
    at += 1 + datagram[at]
    token_bytes, at = _varint(datagram, at)
    at += token_bytes
    size, at = _varint(datagram, at)
    if size < 20 or at + size > len(datagram):
        raise WireError("bad QUIC length")
    _collect(_decrypt(state, datagram[: at + size], at), state.pieces)
    body = _contiguous(state.pieces)
    if len(body) >= 4:
        whole = 4 + int.from_bytes(body[1:4], "big")
        if body[0] != 1 or whole > _CRYPTO_LIMIT_BYTES:
            raise WireError("not a ClientHello")
        if len(body) >= whole:
            return state, Initial(version, read_hello_body_untrusted(body[4:whole]))
    return state, Initial(version, None) if state.packets >= _PACKETS else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length integer (RFC 9000, section 16)."""
    if at >= len(data):
        raise WireError("truncated QUIC packet")
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        raise WireError("truncated QUIC packet")
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


@lru_cache(maxsize=256)
def _keys(version: int, destination_id: bytes) -> tuple[bytes, bytes, bytes]:
    from cryptography.hazmat.primitives import hashes, hmac  # heavy to import, and only QUIC needs it

    def expand(secret: bytes, label: bytes, size: int) -> bytes:
        full = b"tls13 " + label
        info = size.to_bytes(2, "big") + bytes((len(full),)) + full + b"\0"
        mac = hmac.HMAC(secret, hashes.SHA256())
        mac.update(info + b"\x01")  # one block: no key is longer than a SHA-256
        return mac.finalize()[:size]

    mac = hmac.HMAC(_SALTS[version], hashes.SHA256())
    mac.update(destination_id)
    client = expand(mac.finalize(), b"client in", 32)
    prefix = _LABELS[version]
    return (
        expand(client, prefix + b"key", 16),
        expand(client, prefix + b"iv", 12),
        expand(client, prefix + b"hp", 16),
    )


def _decrypt(state: InitialState, packet: bytes, at: int) -> bytes:
    """Remove header protection and encryption; `at` is where the packet number begins."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, iv, header_key = _keys(state.version, state.destination_id)
    sample = packet[at + 4 : at + 20]
    if len(sample) < 16:
        raise WireError("truncated QUIC packet")
    encryptor = Cipher(algorithms.AES(header_key), modes.ECB()).encryptor()  # RFC 9001, 5.4.3
    mask = encryptor.update(sample)
    head = bytearray(packet[: at + 4])
    head[0] ^= mask[0] & 0x0F
    number_bytes = (head[0] & 3) + 1
    for i in range(number_bytes):
        head[at + i] ^= mask[1 + i]
    associated = bytes(head[: at + number_bytes])
    number = int.from_bytes(associated[at:], "big")
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    try:
        return AESGCM(key).decrypt(nonce, packet[at + number_bytes :], associated)
    except InvalidTag as error:
        raise WireError("a QUIC Initial that does not decrypt") from error


def _collect(frames: bytes, pieces: dict[int, bytes]) -> None:
    at = 0
    while at < len(frames):
        kind, at = _varint(frames, at)
        if kind in (_PADDING, _PING):
            continue
        if kind in (_ACK, _ACK_ECN):
            _, at = _varint(frames, at)
            _, at = _varint(frames, at)
            ranges, at = _varint(frames, at)
            for _ in range(min(1 + 2 * ranges + 3 * (kind == _ACK_ECN), len(frames))):
                _, at = _varint(frames, at)
            continue
        if kind != _CRYPTO:
            return  # CONNECTION_CLOSE, or a frame that an Initial must not carry
        offset, at = _varint(frames, at)
        size, at = _varint(frames, at)
        if at + size > len(frames) or offset + size > _CRYPTO_LIMIT_BYTES:
            raise WireError("bad CRYPTO frame")
        pieces.setdefault(offset, frames[at : at + size])
        at += size


def _contiguous(pieces: dict[int, bytes]) -> bytes:
    body = b""
    for offset in sorted(pieces):
        if offset > len(body):
            break
        body += pieces[offset][len(body) - offset :]
    return body
