"""Configurations of docs/proxies.md, run by the programs that they are for."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.collector.serving import serving
from tests.pipeline.measurement_lines import line

PAGE = Path(__file__).parents[2] / "docs" / "proxies.md"
NAME = "observatory.example"
BURST = 2
"""Submissions that a client may send at once where one a minute is allowed."""


def block(language: str) -> str:
    """Return the configuration in a language from the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for the name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "c.pem", folder / "k.pem"
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def nginx(folder: Path, port: int, behind: int, certificate: Path, key: Path) -> list[str]:
    """Write nginx's configuration, with this test's ports and paths in place of the page's."""
    server = block("nginx")
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/ssl/observatory.pem", str(certificate)),
        ("/etc/ssl/observatory.key", str(key)),
        ("127.0.0.1:8080", f"127.0.0.1:{behind}"),
    ):
        assert old in server
        server = server.replace(old, new)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ {temporary}\n{server}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, behind: int, certificate: Path, key: Path) -> list[str]:
    """Write Caddy's configuration, with this test's ports and certificate in place of the page's."""
    site = block("caddy")
    assert f"{NAME} {{" in site
    assert "127.0.0.1:8080" in site
    site = site.replace(
        f"{NAME} {{", f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}"
    )
    site = site.replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{site}")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


Configure = Callable[[Path, int, int, Path, Path], list[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(words: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a server until the block ends."""
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=home)
    try:
        until = time.monotonic() + 30
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


class ByName(http.client.HTTPSConnection):
    """Connection to the name of the site, at this machine."""

    def __init__(self, port: int, source: str, authority: Path) -> None:
        self.trust = ssl.create_default_context(cafile=str(authority))
        super().__init__(NAME, port, timeout=20, context=self.trust)
        self.source = source

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), 20, source_address=(self.source, 0))
        self.sock = self.trust.wrap_socket(plain, server_hostname=NAME)


def ask(
    port: int, source: str, authority: Path, method: str, path: str, body: bytes = b"", **headers: str
) -> http.client.HTTPResponse:
    connection = ByName(port, source, authority)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("configure", [nginx, caddy])
def test_configuration_works(configure: Configure, tmp_path: Path) -> None:
    """Pages come, clients have limits of their own by their true address, and none of it is written."""
    if shutil.which(configure.__name__) is None:
        pytest.skip(f"{configure.__name__} is not installed (tests/prepare installs it where it may)")
    folder = tmp_path / "proxy"
    folder.mkdir()
    certificate, key = make_certificate(folder)
    port, behind = free_port(), free_port()
    options = ("--public-url", f"https://{NAME}", "--proxy", "127.0.0.1", "--per-minute", 1)
    with (
        serving(tmp_path / "s.duckdb", *options, port=behind),
        running(configure(folder, port, behind, certificate, key), folder, port),
    ):
        front = ask(port, "127.0.0.5", certificate, "GET", "/")
        assert front.status == 200
        assert "default-src" in front.headers["content-security-policy"]
        assert ask(port, "127.0.0.5", certificate, "HEAD", "/").status == 200
        statuses = [
            ask(
                port,
                "127.0.0.5",
                certificate,
                "POST",
                "/measurement",
                line(number),
                x_forwarded_for=f"198.51.100.{number}",  # forged, another one each time
            ).status
            for number in range(BURST + 2)
        ]
        assert statuses[0] == 200
        assert statuses[-1] == 429
        assert ask(port, "127.0.0.6", certificate, "POST", "/measurement", line(99)).status == 200
        other_site = ask(
            port, "127.0.0.7", certificate, "POST", "/report", b"a=b", origin="https://evil.example"
        )
        assert other_site.status == 403
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"127.0.0.5" not in written
    assert b"198.51.100." not in written
