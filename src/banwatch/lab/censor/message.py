"""Messages of a client: DNS question, ClientHello, HTTP request, with the bytes that reading them needed.

Every reader takes the bytes from the message's beginning. It returns None while the message is incomplete,
and raises WireError as soon as it cannot be one.
"""

import struct
from dataclasses import dataclass

from banwatch.model.errors import WireError

_HELLO_LIMIT_BYTES = 32_768
_REQUEST_LIMIT_BYTES = 32_768
_METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE")
_SNI, _ALPN, _ECH = 0, 16, 0xFE0D  # RFC 6066, RFC 7301, RFC 9849
_ESNI = 0xFFCE  # draft-ietf-tls-esni-01 to -05, before ECH


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """First question of a DNS query."""

    identity: int
    name: str
    """In lower case, without the final dot."""
    query_type: int
    section: bytes
    """First entry of the question section as sent, which an answer repeats."""
    flags: int


@dataclass(frozen=True, slots=True)
class ClientHello:
    """Clear-text fields of a ClientHello."""

    server_name: str | None
    has_ech: bool
    has_esni: bool
    alpn: tuple[str, ...]
    needed: int
    """Bytes up to the end of the server name, or of the whole message where it has none."""
    size: int
    """Bytes of the whole message."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Head of an HTTP/1 request."""

    host: str
    path: str
    head: bytes
    needed: int
    """Bytes up to the end of the Host line."""
    size: int
    """Bytes of the head, and of the body where Content-Length gives its size."""


def read_dns_question_untrusted(data: bytes) -> DnsQuestion:
    """Read a DNS query (RFC 1035, section 4).

    Raises:
        WireError: it is not a query with a question.
    """
    if len(data) < 17:
        raise WireError("short DNS message")
    identity, flags, questions = struct.unpack_from("!HHH", data)
    if flags & 0xF800 or not questions:
        raise WireError("not a DNS query")
    labels, at = [], 12
    while True:
        size = data[at] if at < len(data) else 64
        at += 1
        if size == 0:
            break
        if (
            size > 63 or at + size > len(data) or at > 267
        ):  # a name has 255 bytes at most, and a query's first name has no pointer
            raise WireError("bad DNS name")
        labels.append(data[at : at + size])
        at += size
    if at + 4 > len(data):
        raise WireError("truncated DNS question")
    name = b".".join(labels).lower().decode("latin-1")
    (query_type,) = struct.unpack_from("!H", data, at)
    return DnsQuestion(identity, name, query_type, data[12 : at + 4], flags)


def read_client_hello_untrusted(data: bytes) -> ClientHello | None:
    """Read a ClientHello from TLS records (RFC 8446, sections 4.1.2 and 5.1), however many carry it.

    Raises:
        WireError: it does not begin with one.
    """
    body, ends, at = bytearray(), [], 0
    while True:
        head = data[at : at + 5]
        if head[:1] not in (b"", b"\x16") or head[1:2] not in (b"", b"\x03"):
            raise WireError("not a TLS handshake record")
        if len(head) < 5:
            return None
        size = int.from_bytes(head[3:5], "big")
        if not 0 < size <= 16_384 + 256:
            raise WireError("bad TLS record length")
        chunk = data[at + 5 : at + 5 + size]
        body += chunk
        at += 5 + size
        ends.append((len(body), at))
        if body and body[0] != 1:
            raise WireError("not a ClientHello")
        if len(body) >= 4:
            whole = 4 + int.from_bytes(body[1:4], "big")
            if whole > _HELLO_LIMIT_BYTES:
                raise WireError("oversized ClientHello")
            if len(body) >= whole:
                break
        if len(chunk) < size:
            return None
    hello = read_hello_body_untrusted(bytes(body[4:whole]))
    return ClientHello(
        server_name=hello.server_name,
        has_ech=hello.has_ech,
        has_esni=hello.has_esni,
        alpn=hello.alpn,
        needed=_position(hello.needed + 4, ends),
        size=_position(whole, ends),
    )


def _position(in_body: int, ends: list[tuple[int, int]]) -> int:
    """Return the offset in the connection of a byte of the handshake message, record headers included."""
    for body_end, stream_end in ends:
        if in_body <= body_end:
            return stream_end - (body_end - in_body)
    return ends[-1][1]


def read_hello_body_untrusted(body: bytes) -> ClientHello:
    """Read a ClientHello message without its handshake header.

    Raises:
        WireError: a length in it does not fit.
    """
    at = 2 + 32
    try:
        at += 1 + body[at]
        at += 2 + int.from_bytes(body[at : at + 2], "big")
        at += 1 + body[at]
    except IndexError as error:
        raise WireError("truncated ClientHello") from error
    server_name, has_ech, has_esni, needed = None, False, False, len(body)
    alpn: tuple[str, ...] = ()
    end = min(len(body), at + 2 + int.from_bytes(body[at : at + 2], "big"))
    at += 2
    while at + 4 <= end:
        kind, size = struct.unpack_from("!HH", body, at)
        at += 4
        value = body[at : at + size]
        if at + size > end:
            raise WireError("bad extension length")
        if kind == _SNI and server_name is None:
            server_name = _server_name(value)
            needed = at + size
        elif kind == _ECH:
            has_ech = True
        elif kind == _ESNI:
            has_esni = True
        elif kind == _ALPN:
            alpn = _protocols(value)
        at += size
    return ClientHello(server_name, has_ech, has_esni, alpn, needed, len(body))


def _server_name(value: bytes) -> str | None:
    at = 2
    while at + 3 <= len(value):
        size = int.from_bytes(value[at + 1 : at + 3], "big")
        if value[at] == 0:
            return value[at + 3 : at + 3 + size].decode("latin-1").lower().rstrip(".")
        at += 3 + size
    return None


def _protocols(value: bytes) -> tuple[str, ...]:
    found, at = [], 2
    while at < len(value):
        found.append(value[at + 1 : at + 1 + value[at]].decode("latin-1"))
        at += 1 + value[at]
    return tuple(found)


def read_http_request_untrusted(data: bytes) -> HttpRequest | None:
    """Read the head of an HTTP/1 request (RFC 9112).

    Raises:
        WireError: it does not begin with one.
    """
    method, space, _ = data[:8].partition(b" ")
    if method not in _METHODS and (space or not any(name.startswith(data[:8]) for name in _METHODS)):
        raise WireError("not an HTTP request")
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > _REQUEST_LIMIT_BYTES:
            raise WireError("oversized HTTP request")
        return None
    head = data[: end + 4]
    lines = head[:end].split(b"\r\n")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/"):
        raise WireError("bad HTTP request line")
    path = parts[1].decode("latin-1")
    host, needed, body_bytes, at = "", len(head), 0, len(lines[0]) + 2
    for line in lines[1:]:
        at += len(line) + 2
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if name == b"host" and not host:
            host, needed = value.strip().decode("latin-1").lower(), at
        elif name == b"content-length" and value.strip().isdigit():
            body_bytes = int(value.strip()[:12])
    if path.startswith(("http://", "https://")):  # to a proxy: the host is in the target
        host = path.split("/", 3)[2].lower()
    return HttpRequest(_without_port(host), path, head, needed, len(head) + body_bytes)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return (name if colon and (port.isdigit() or not port) else host).rstrip(".")


def shape_of(data: bytes, protocol_is_udp: bool) -> str:
    """Classify the first payload of a flow: `dns`, `http`, `tls`, or `""` for any other."""
    if data[:2] == b"\x16\x03":
        return "tls"
    if data.split(b" ", 1)[0][:8] in _METHODS:
        return "http"
    try:
        read_dns_question_untrusted(data if protocol_is_udp else data[2:])
        return "dns"
    except WireError:
        return ""
