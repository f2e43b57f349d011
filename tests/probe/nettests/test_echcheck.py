"""The `echcheck` nettest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from banwatch.model.state import State
from banwatch.net.memory import Handler, MemoryNet, MemoryStream
from tests.net import servers
from tests.probe.nettests.running import run
from tests.probe.scenes import FAST, SITE

PATIENT = replace(FAST, tls_s=2.0)
"""The first handshake of a process loads ciphers, and no server here is silent."""


def ech_site(act: Handler | None, *names: str, site_names: Sequence[str] = ()) -> Handler:
    """A site inside TLS; `act` is what a ClientHello with ECH and one of these names meets."""
    site = servers.https_site(servers.Page(), servers.make_context(*site_names))

    async def serve(stream: MemoryStream) -> None:
        hello = await stream.read(65536)
        if act is not None and b"\xfe\x0d" in hello and any(name.encode() in hello for name in names):
            await act(stream)
            return
        stream.unread(hello)
        await site(stream)

    return serve


@pytest.mark.parametrize(
    ("act", "names", "failures", "state"),
    [
        (None, (), {None: None, "own": None, "other": None}, State.OK),
        (
            servers.reset,
            ("cloudflare",),
            {None: None, "own": "connection_reset", "other": "connection_reset"},
            State.LIKELY_BLOCKED,
        ),
        (
            servers.reset,
            ("cloudflare-ech.com",),
            {None: None, "own": "connection_reset", "other": None},
            State.LIKELY_BLOCKED,
        ),
    ],
    ids=["open", "any ECH", "ECH with that name"],
)
def test_ech(
    tmp_path: Path,
    act: Handler | None,
    names: Sequence[str],
    failures: Mapping[str | None, str | None],
    state: State,
) -> None:
    handler = ech_site(act, *names, site_names=("cloudflare-ech.com", "cloudflare.com"))
    net = MemoryNet(names={"cloudflare-ech.com": (SITE,)}, tcp={(SITE, 443): handler})
    [(measurement, judged)] = run(net, "echcheck", tmp_path, timeouts=PATIENT)
    assert measurement["input"] == "https://cloudflare-ech.com/cdn-cgi/trace"
    shakes = measurement["test_keys"]["tls_handshakes"]
    outer = {None: None, "cloudflare-ech.com": "own", "cloudflare.com": "other"}
    assert {outer[one.get("outer_server_name")]: one["failure"] for one in shakes} == failures
    for one in shakes:
        assert one["server_name"] == "cloudflare-ech.com"
        assert one.get("echconfig") == ("GREASE" if "outer_server_name" in one else None)
        if one["failure"] is None:
            assert (one["negotiated_protocol"], one["tls_version"]) == ("h2", "TLSv1.3")
            assert one["cipher_suite"].startswith("TLS_")
            assert one["peer_certificates"]
    assert judged is state


def test_ech_in_whose_place_somebody_else_answers(tmp_path: Path) -> None:
    forged = servers.https_site(servers.Page(), servers.make_context("cloudflare-ech.com", issuer="Somebody"))
    net = MemoryNet(names={"cloudflare-ech.com": (SITE,)}, tcp={(SITE, 443): forged})
    [(measurement, _)] = run(net, "echcheck", tmp_path)
    failures = {one["failure"] for one in measurement["test_keys"]["tls_handshakes"]}
    assert failures == {"ssl_unknown_authority", "ssl_invalid_hostname"}
    nowhere = MemoryNet()
    [(measurement, _)] = run(nowhere, "echcheck", tmp_path)
    assert measurement["test_keys"]["failure"] == "dns_nxdomain_error"
    assert measurement["test_keys"]["tls_handshakes"] == []
