"""TLS over any stream, by memory BIOs, so that every read and write beneath can be seen and timed."""

import functools
import ipaddress
import ssl
from typing import Any

from banwatch.model import failure as df007
from banwatch.model.failure import UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.failure import NetworkFailure
from banwatch.net.forwarding import ForwardingStream
from banwatch.net.seam import Stream, TlsFacts, TlsSettings

_READ_BYTES = 1 << 16

_ALERTS = {
    # OpenSSL's word for a received alert, and its number
    "SSLV3_ALERT_UNEXPECTED_MESSAGE": 10,
    "SSLV3_ALERT_BAD_RECORD_MAC": 20,
    "TLSV1_ALERT_DECRYPTION_FAILED": 21,
    "TLSV1_ALERT_RECORD_OVERFLOW": 22,
    "SSLV3_ALERT_DECOMPRESSION_FAILURE": 30,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": 40,
    "SSLV3_ALERT_BAD_CERTIFICATE": 42,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": 43,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": 44,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": 45,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": 46,
    "SSLV3_ALERT_ILLEGAL_PARAMETER": 47,
    "TLSV1_ALERT_UNKNOWN_CA": 48,
    "TLSV1_ALERT_ACCESS_DENIED": 49,
    "TLSV1_ALERT_DECODE_ERROR": 50,
    "TLSV1_ALERT_DECRYPT_ERROR": 51,
    "TLSV1_ALERT_EXPORT_RESTRICTION": 60,
    "TLSV1_ALERT_PROTOCOL_VERSION": 70,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": 71,
    "TLSV1_ALERT_INTERNAL_ERROR": 80,
    "TLSV1_ALERT_INAPPROPRIATE_FALLBACK": 86,
    "TLSV1_ALERT_USER_CANCELLED": 90,
    "TLSV1_ALERT_NO_RENEGOTIATION": 100,
    "TLSV13_ALERT_MISSING_EXTENSION": 109,
    "TLSV1_UNSUPPORTED_EXTENSION": 110,
    "TLSV1_CERTIFICATE_UNOBTAINABLE": 111,
    "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE": 113,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": 116,
    "TLSV1_ALERT_UNKNOWN_PSK_IDENTITY": 115,
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": 120,
}


_ALERT_TEXTS = {
    10: "unexpected message",
    20: "bad record MAC",
    21: "decryption failed",
    22: "record overflow",
    30: "decompression failure",
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "revoked certificate",
    45: "expired certificate",
    46: "unknown certificate",
    47: "illegal parameter",
    48: "unknown certificate authority",
    49: "access denied",
    50: "error decoding message",
    51: "error decrypting message",
    60: "export restriction",
    70: "protocol version not supported",
    71: "insufficient security level",
    80: "internal error",
    86: "inappropriate fallback",
    90: "user canceled",
    100: "no renegotiation",
    109: "missing extension",
    110: "unsupported extension",
    111: "certificate unobtainable",
    113: "bad certificate status response",
    115: "unknown PSK identity",
    116: "certificate required",
    120: "no application protocol",
}
"""Go's texts for alerts (RFC 8446 section 6), which OONI's readers know."""


def describe_alert(code: int) -> Failure:
    """Name an alert that a peer sent, in Go's words."""
    return f"{UNKNOWN_FAILURE_PREFIX}remote error: tls: {_ALERT_TEXTS.get(code, f'alert({code})')}"


def classify_ssl_error(error: ssl.SSLError) -> Failure:
    """Name a TLS library's error in df-007 words; alerts in the words that Go has for them."""
    reason = error.reason or ""
    if reason == "TLSV1_UNRECOGNIZED_NAME":
        return df007.SSL_INVALID_HOSTNAME  # alert 112, as OONI maps it
    if reason in _ALERTS:
        return describe_alert(_ALERTS[reason])
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST"}:
        return f"{UNKNOWN_FAILURE_PREFIX}tls: first record does not look like a TLS handshake"
    if reason in {"UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW"}:
        return f"{UNKNOWN_FAILURE_PREFIX}tls: server selected unsupported protocol version"
    return f"{UNKNOWN_FAILURE_PREFIX}tls: {reason.lower().replace('_', ' ') or 'handshake failure'}"


@functools.lru_cache(maxsize=32)
def _context(alpn: tuple[str, ...], maximum_version: ssl.TLSVersion | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # recorded first, judged by `certificates.Roots` afterwards
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if maximum_version is not None:
        context.maximum_version = maximum_version
    return context


def _peer_certificates(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    # Public from Python 3.13 on; before, only the object beneath has it.
    source: Any = tls if hasattr(tls, "get_unverified_chain") else getattr(tls, "_sslobj", None)
    chain = source.get_unverified_chain() if hasattr(source, "get_unverified_chain") else None
    if chain is None:
        leaf = tls.getpeercert(binary_form=True)
        return (leaf,) if leaf else ()
    return tuple(
        one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in chain
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class TlsOverStream(ForwardingStream):
    """A TLS client on a stream; made by `shake_hands`."""

    def __init__(self, stream: Stream, settings: TlsSettings) -> None:
        super().__init__(stream)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        name = settings.server_name
        # an address is no server name (RFC 6066 section 3)
        sni = name if name and not _is_address(name) else None
        self._tls = _context(settings.alpn, settings.maximum_version).wrap_bio(
            self._incoming, self._outgoing, server_hostname=sni
        )
        self._facts: TlsFacts | None = None

    @property
    def facts(self) -> TlsFacts:
        """Results of the handshake."""
        if self._facts is None:
            raise RuntimeError("no handshake yet")
        return self._facts

    async def handshake(self) -> None:
        """Shake hands; raises `NetworkFailure`."""
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed(eof_is_failure=True)
            except ssl.SSLError as error:
                await self._flush_quietly()
                raise NetworkFailure(classify_ssl_error(error)) from error
        await self._flush()
        cipher = self._tls.cipher()
        self._facts = TlsFacts(
            version=(self._tls.version() or "").replace("TLSv1.0", "TLSv1"),
            cipher_suite=_iana_cipher_name(cipher[0]) if cipher else "",
            alpn=self._tls.selected_alpn_protocol() or "",
            peer_certificates=_peer_certificates(self._tls),
        )

    async def read(self, limit_bytes: int) -> bytes:
        """Read decrypted bytes; empty at the end of the stream, with or without a close_notify."""
        while True:
            try:
                return self._tls.read(limit_bytes)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed(eof_is_failure=False)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise NetworkFailure(classify_ssl_error(error)) from error

    async def write(self, data: bytes) -> None:
        """Encrypt and write all of it."""
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise NetworkFailure(classify_ssl_error(error)) from error
        await self._flush()

    def close(self) -> None:
        """Let go of the stream beneath, without a close_notify: nothing waits for one."""
        self._stream.close()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._stream.write(data)

    async def _flush_quietly(self) -> None:
        try:
            await self._flush()  # the alert that says why we leave
        except NetworkFailure:
            return

    async def _feed(self, *, eof_is_failure: bool) -> None:
        data = await self._stream.read(_READ_BYTES)
        if data:
            self._incoming.write(data)
        elif eof_is_failure:
            raise NetworkFailure(df007.EOF)
        else:
            self._incoming.write_eof()


_IANA_NAMES = {
    "ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "AES256-GCM-SHA384": "TLS_RSA_WITH_AES_256_GCM_SHA384",
}


def _iana_cipher_name(openssl_name: str) -> str:
    return _IANA_NAMES.get(openssl_name, openssl_name)


async def shake_hands(stream: Stream, settings: TlsSettings) -> TlsOverStream:
    """Start TLS on a stream; raises `NetworkFailure`. The certificate is recorded, not verified."""
    tls = TlsOverStream(stream, settings)
    await tls.handshake()
    return tls
