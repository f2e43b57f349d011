"""A TLS 1.3 handshake whose ClientHello is our own, since the system's library cannot add extensions.

aioquic keeps the messages and the keys; the records around them (RFC 8446 section 5) are here. There is no
more than the handshake: its purpose is to see which ClientHello gets through.
"""

import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Stream, TlsFacts
from banwatch.net.tls.handshake import describe_alert

if TYPE_CHECKING:
    from aioquic._buffer import Buffer
    from aioquic.tls import CipherSuite, Context, Direction, Epoch

_READ_BYTES = 1 << 16
_MAX_RECORDS = 64
_MAX_RECORD_BYTES = (1 << 14) + 256
_HELLO_BYTES = 1 << 14
_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_UNRECOGNIZED_NAME = 112
_NO_TLS = f"{UNKNOWN_FAILURE_PREFIX}tls: first record does not look like a TLS handshake"

Extension = tuple[int, bytes]


class _Keys:
    """Key of one direction (RFC 8446 section 5.3)."""

    def __init__(self, suite: "CipherSuite", secret: bytes) -> None:
        from aioquic import tls

        algorithm = tls.cipher_suite_hash(suite)
        length = 16 if suite == tls.CipherSuite.AES_128_GCM_SHA256 else 32
        key = tls.hkdf_expand_label(algorithm, secret, b"key", b"", length)
        is_chacha = suite == tls.CipherSuite.CHACHA20_POLY1305_SHA256
        self._cipher = ChaCha20Poly1305(key) if is_chacha else AESGCM(key)
        self._iv = tls.hkdf_expand_label(algorithm, secret, b"iv", b"", 12)
        self._sequence = 0

    def _nonce(self) -> bytes:
        number = self._sequence.to_bytes(12, "big")
        self._sequence += 1
        return bytes(a ^ b for a, b in zip(self._iv, number, strict=True))

    def encrypt(self, kind: int, data: bytes) -> bytes:
        inner = data + bytes([kind])
        head = bytes([_DATA, 3, 3]) + (len(inner) + 16).to_bytes(2, "big")
        return head + self._cipher.encrypt(self._nonce(), inner, head)

    def decrypt(self, head: bytes, data: bytes) -> tuple[int, bytes]:
        try:
            inner = self._cipher.decrypt(self._nonce(), data, head).rstrip(b"\0")
        except InvalidTag as error:
            raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}tls: bad record MAC") from error
        return (inner[-1], inner[:-1]) if inner else (_ALERT, b"")


class _Handshake:
    def __init__(self, stream: Stream, server_name: str, alpn: Sequence[str], further: Sequence[Extension]):
        from aioquic import tls

        self._stream = stream
        self._received = bytearray()
        self._alpn = ""
        self._suite: CipherSuite | None = None
        self._keys: dict[tuple[Direction, Epoch], _Keys] = {}
        self._context: Context = tls.Context(
            is_client=True, alpn_protocols=list(alpn), server_name=server_name, verify_mode=ssl.CERT_NONE
        )
        self._context.handshake_extensions = list(further)
        self._context.update_traffic_key_cb = self._note_key
        self._context.alpn_cb = self._note_alpn

    def _note_key(self, direction: "Direction", epoch: "Epoch", suite: "CipherSuite", secret: bytes) -> None:
        self._suite = suite
        self._keys[direction, epoch] = _Keys(suite, secret)

    def _note_alpn(self, protocol: str | None) -> None:
        self._alpn = protocol or ""

    async def run(self) -> TlsFacts:
        from aioquic import tls
        from aioquic._buffer import Buffer

        out = {epoch: Buffer(capacity=_HELLO_BYTES) for epoch in tls.Epoch}
        self._context.handle_message(b"", out)
        hello = _taken(out[tls.Epoch.INITIAL])
        await self._stream.write(bytes([_HANDSHAKE, 3, 1]) + len(hello).to_bytes(2, "big") + hello)
        for _ in range(_MAX_RECORDS):
            kind, data = await self._read_record()
            if kind == _ALERT:
                raise NetworkFailure(_describe(data))
            if kind == _CHANGE_CIPHER_SPEC:
                continue
            if kind != _HANDSHAKE:
                raise NetworkFailure(_NO_TLS)
            try:
                self._context.handle_message(data, out)
            except tls.Alert as error:
                raise NetworkFailure(_describe_own(error)) from error
            except ValueError as error:
                raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}tls: error decoding message") from error
            if self._context.state == tls.State.CLIENT_POST_HANDSHAKE:
                finished = _taken(out[tls.Epoch.HANDSHAKE])
                keys = self._keys[tls.Direction.ENCRYPT, tls.Epoch.HANDSHAKE]
                await self._stream.write(keys.encrypt(_HANDSHAKE, finished))
                return self._facts()
        raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}tls: handshake without end")

    async def _read_record(self) -> tuple[int, bytes]:
        """Decrypt one record; its content type and its content."""
        from aioquic import tls

        head = await self._read(5)
        kind, size_bytes = head[0], int.from_bytes(head[3:5], "big")
        if kind not in (_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _DATA) or head[1] != 3:
            raise NetworkFailure(_NO_TLS)
        if size_bytes > _MAX_RECORD_BYTES:
            raise NetworkFailure(f"{UNKNOWN_FAILURE_PREFIX}tls: oversized record")
        data = await self._read(size_bytes)
        keys = self._keys.get((tls.Direction.DECRYPT, tls.Epoch.HANDSHAKE))
        if kind == _DATA and keys is not None:
            return keys.decrypt(head, data)
        return kind, data

    async def _read(self, size_bytes: int) -> bytes:
        while len(self._received) < size_bytes:
            data = await self._stream.read(_READ_BYTES)
            if not data:
                raise NetworkFailure(df007.EOF)
            self._received += data
        taken = bytes(self._received[:size_bytes])
        del self._received[:size_bytes]
        return taken

    def _facts(self) -> TlsFacts:
        context = self._context
        chain = [context._peer_certificate, *context._peer_certificate_chain]  # nowhere else to be had
        return TlsFacts(
            version="TLSv1.3",
            cipher_suite="TLS_" + self._suite.name if self._suite is not None else "",
            alpn=self._alpn,
            peer_certificates=tuple(one.public_bytes(Encoding.DER) for one in chain if one is not None),
        )


def _taken(buffer: "Buffer") -> bytes:
    data = bytes(buffer.data)
    buffer.seek(0)
    return data


def _describe(alert: bytes) -> Failure:
    """Name an alert that the peer sent: two bytes, level and description."""
    code = alert[1] if len(alert) == 2 else 0
    return df007.SSL_INVALID_HOSTNAME if code == _UNRECOGNIZED_NAME else describe_alert(code)


def _describe_own(alert: Exception) -> Failure:
    """Name a fault that we find in the peer's messages."""
    description = getattr(alert, "description", None)
    if getattr(description, "name", "") == "protocol_version":
        return f"{UNKNOWN_FAILURE_PREFIX}tls: server selected unsupported protocol version"
    name = str(getattr(description, "name", "handshake failure")).replace("_", " ")
    return f"{UNKNOWN_FAILURE_PREFIX}tls: {name}"


async def shake_hands_with(
    stream: Stream, server_name: str, *, alpn: Sequence[str], further: Sequence[Extension] = ()
) -> TlsFacts:
    """Shake hands with further extensions in the ClientHello; raises `NetworkFailure`.

    The certificate is recorded, not verified. The stream is of no use afterwards but to be closed.
    """
    return await _Handshake(stream, server_name, alpn, further).run()
