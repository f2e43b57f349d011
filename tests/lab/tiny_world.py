"""A world of a few addresses in one process, for tests of what lies between client and world."""

import datetime as dt
import selectors
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

RESOLVER = "175.45.176.15"
PUBLIC_RESOLVER = "8.8.8.8"
HELPER = "198.41.30.198"
NAMES = {
    "blocked.example": ("142.250.74.78", "2a00:1450:400f:80c::200e"),
    "twin.example": ("151.101.1.164", "2a04:4e42::164"),
}
BODY = b"hello from the world, " * 20


@cache
def authority() -> tuple[str, str, str]:
    """A CA and a leaf for every name of the tiny world: (CA, leaf, leaf key) in PEM."""
    now = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tiny root")])
    leaf = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tiny leaf")])
    names = x509.SubjectAlternativeName([x509.DNSName(f"{w}{n}") for n in NAMES for w in ("", "*.")])
    pems = []
    for subject, key, extension in (
        (root, keys[0], x509.BasicConstraints(ca=True, path_length=None)),
        (leaf, keys[1], names),
    ):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(root)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + dt.timedelta(days=36_500))
        certificate = builder.add_extension(extension, critical=False).sign(keys[0], hashes.SHA256())
        pems.append(certificate.public_bytes(serialization.Encoding.PEM).decode())
    key_pem = keys[1].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pems[0], pems[1], key_pem.decode()


@dataclass(frozen=True)
class TinyWorld:
    """Two sites over HTTP and HTTPS, two resolvers, and a helper that says who it sees."""

    @property
    def prefixes(self) -> tuple[Any, ...]:
        addresses = [RESOLVER, PUBLIC_RESOLVER, HELPER, *(a for pair in NAMES.values() for a in pair)]
        return (*(ip_network(a) for a in addresses), ip_network("31.13.94.0/24"))

    @property
    def helper_addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        return (ip_address(HELPER),)

    @property
    def ca_pem(self) -> str:
        return authority()[0]


def _answer(data: bytes) -> bytes:
    query = dns.message.from_wire(data)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    question = query.question[0]
    name = question.name.to_text().rstrip(".").lower()
    pair = next((pair for n, pair in NAMES.items() if name == n or name.endswith("." + n)), None)
    if pair is None:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    elif question.rdtype in (1, 28):
        reply.answer.append(
            dns.rrset.from_text(question.name, 60, "IN", question.rdtype, pair[question.rdtype == 28])
        )
    return reply.to_wire()


def _http(connection: socket.socket, peer: str) -> None:
    with connection:
        connection.settimeout(5)
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                chunk = connection.recv(65_536)
                if not chunk:
                    return
                head += chunk
            path = head.split(b" ", 2)[1]
            body = (
                peer.encode() if path == b"/peer" else b"x" * int(path[5:]) if path[:5] == b"/big/" else BODY
            )
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
            )
            connection.recv(1)
        except OSError:
            pass  # a censor's doing


def _tls(connection: socket.socket, peer: str, context: ssl.SSLContext) -> None:
    connection.settimeout(5)
    try:
        wrapped = context.wrap_socket(connection, server_side=True)
    except OSError:
        connection.close()
        return
    _http(wrapped, peer)


def serve(world: TinyWorld, *, ready: Callable[[], None], clock: Any, tier: Any) -> None:
    """Serve until killed."""
    _, leaf, key = authority()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leaf.pem"
        path.write_text(leaf + key, encoding="ascii")
        context.load_cert_chain(path)
    selector = selectors.DefaultSelector()
    for resolver in (RESOLVER, PUBLIC_RESOLVER):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((resolver, 53))
        selector.register(udp, selectors.EVENT_READ, "dns")
    places = [
        (RESOLVER, 53),
        (HELPER, 80),
        *((a, p) for pair in NAMES.values() for a in pair for p in (80, 443)),
    ]
    for address, port in places:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            server = socket.create_server((address, port), family=family, backlog=512)
        except OSError:
            if family == socket.AF_INET6:
                continue  # no IPv6 on this machine
            raise
        kind = {53: "tcp-dns", 80: "http", 443: "tls"}[port]
        selector.register(server, selectors.EVENT_READ, kind)
    ready()
    while True:
        for key_, _ in selector.select():
            sock = key_.fileobj
            assert isinstance(sock, socket.socket)
            if key_.data == "dns":
                data, peer = sock.recvfrom(4096)
                sock.sendto(_answer(data), peer)
                continue
            connection, peer = sock.accept()
            if key_.data == "tcp-dns":
                target: Callable[..., None] = _tcp_dns
                arguments: tuple[Any, ...] = (connection,)
            elif key_.data == "http":
                target, arguments = _http, (connection, peer[0])
            else:
                target, arguments = _tls, (connection, peer[0], context)
            threading.Thread(target=target, args=arguments, daemon=True).start()


def _tcp_dns(connection: socket.socket) -> None:
    with connection:
        connection.settimeout(5)
        try:
            data = b""
            while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
                chunk = connection.recv(4096)
                if not chunk:
                    return
                data += chunk
            reply = _answer(data[2:])
            connection.sendall(struct.pack("!H", len(reply)) + reply)
        except OSError:
            pass
