"""TLS handshakes and their certificates, in memory."""

from datetime import timedelta
from pathlib import Path

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.net.failure import NetworkFailure
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from banwatch.net.seam import TlsSettings
from banwatch.net.tls.certificates import Roots
from tests.net import servers
from tests.net.running import run
from tests.net.servers import NOW, Page

ADDRESS = ("93.184.216.34", 443)


async def handshake(handler: Handler, name: str = "site.example") -> tuple[bytes, ...]:
    net = MemoryNet(tcp={ADDRESS: handler})
    stream = await net.open_tcp(*ADDRESS)
    tls = await net.start_tls(stream, TlsSettings(server_name=name, alpn=("h2", "http/1.1")))
    return tls.facts.peer_certificates


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (servers.reset, "connection_reset"),
        (servers.hang_up, "eof_error"),
        (servers.send_alert, "unknown_failure: remote error: tls: handshake failure"),
        (servers.send_garbage, "unknown_failure: tls: first record does not look like a TLS handshake"),
    ],
)
def test_a_broken_handshake_says_how_it_broke(behaviour: Handler, failure: str) -> None:
    with pytest.raises(NetworkFailure) as raised:
        run(handshake(servers.after_first_bytes(behaviour)))
    assert raised.value.failure == failure


def test_an_unrecognized_name_alert_is_an_invalid_hostname() -> None:
    async def refuse(stream: MemoryStream) -> None:
        await stream.write(b"\x15\x03\x03\x00\x02\x02\x70")

    with pytest.raises(NetworkFailure) as raised:
        run(handshake(servers.after_first_bytes(refuse)))
    assert raised.value.failure == "ssl_invalid_hostname"


@pytest.mark.parametrize(
    ("context", "name", "later", "problem"),
    [
        (("site.example",), "site.example", 0, None),
        (("*.site.example",), "www.site.example", 0, None),
        (("*.site.example",), "a.b.site.example", 0, "ssl_invalid_hostname"),
        (("other.example",), "site.example", 0, "ssl_invalid_hostname"),
        (("site.example",), "site.example", 400, "ssl_invalid_certificate"),
        (("site.example",), "site.example", -400, "ssl_invalid_certificate"),
    ],
)
def test_a_certificate_is_recorded_first_and_judged_afterwards(
    tmp_path: Path, context: tuple[str, ...], name: str, later: int, problem: str | None
) -> None:
    chain = run(handshake(servers.https_site(Page(), servers.make_context(*context)), name))
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    assert Roots(ca_file).problem(chain, name, NOW + timedelta(days=later)) == problem


def test_an_unknown_authority_is_found_whatever_it_calls_itself(tmp_path: Path) -> None:
    forged = servers.make_context("site.example", issuer="Another authority")
    chain = run(handshake(servers.https_site(Page(), forged)))
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(servers.make_issuer(servers.AUTHORITY).pem)
    assert Roots(ca_file).problem(chain, "site.example", NOW) == "ssl_unknown_authority"
    assert Roots(ca_file).problem((b"no certificate",), "site.example", NOW) == "ssl_invalid_certificate"
    assert Roots(ca_file).problem((), "site.example", NOW) == "ssl_unknown_authority"


def test_unreadable_authorities_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BanwatchError, match="Cannot read the authorities"):
        Roots(tmp_path / "none.pem")
