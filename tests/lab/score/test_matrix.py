"""The matrix: what it lays out, and a corner of it played with real packets by two probes."""

import sys
from pathlib import Path

import pytest

from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.score.count import MechanismScore, Mistake
from banwatch.lab.score.matrix import FAMILIES, LOSSES, METHODS, VERSIONS, lay_out, write_regime, write_world
from banwatch.lab.score.page import render_page
from banwatch.lab.score.result import MatrixResult, Row, Unexercised
from banwatch.lab.score.runner import FIRST_ROUND, play_matrix
from banwatch.lab.world import load_world
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import MeasurementUid
from banwatch.model.mechanism import NODES
from banwatch.reference import load
from tests.lab.labs import NEEDS_LAB_ALONE


def test_every_square_can_be_read_and_every_site_has_a_twin(tmp_path: Path):
    squares = lay_out()
    assert len(squares) == len(FAMILIES) * len(LOSSES) == len({square.tier for square in squares})
    reference = load()
    for square in squares[:: len(LOSSES)]:
        write_world(square, tmp_path / "world.yaml")
        write_regime(square, tmp_path / "regime.yaml")
        world, regime = load_world(tmp_path / "world.yaml"), load_regime(tmp_path / "regime.yaml")
        assert {rule.mechanism for rule in regime.rules} == {method.mechanism for method in METHODS} <= NODES
        assert len(regime.rules) == len(square.cases)
        sites = {site.hostname: site for site in world.sites}
        for case in square.cases:
            site, twin = sites[case.site], sites[case.twin]
            assert site.alpn == twin.alpn
            assert (site.addresses == twin.addresses) == (case.method.looks_at not in ("address", "hello"))
            assert {a.version for a in (*site.addresses, *twin.addresses)} == {square.family}
            assert reference.target_of(case.site) != reference.target_of(case.twin)
        assert all(reference.network_of(str(a)) for site in world.sites for a in site.all_addresses)


def test_a_corner_can_be_chosen():
    (square,) = lay_out([6], [0.05], versions=["h2"])
    assert square.tier == "ipv6-loss5"
    assert {case.version for case in square.cases} == {"h2"}
    assert {version for case in lay_out()[0].cases for version in (case.version,)} == set(VERSIONS)


class TestPlayed:
    """A corner with real packets."""

    pytestmark = NEEDS_LAB_ALONE
    methods = tuple(m for m in METHODS if m.key in ("dns-bogon", "sni-reset", "tcp-refuse", "http-reset"))

    @pytest.mark.slow
    def test_our_probe_finds_all_of_a_corner(self, tmp_path: Path):
        squares = lay_out([4], [0.0], methods=self.methods, versions=["http", "h2"])
        result = play_matrix(squares, tmp_path, jobs=1)
        assert (result.measurements, result.false_blocked, result.unmatched) == (12, 0, 0)
        assert (result.recall, result.mechanism_precision, result.mechanism_recall) == (1.0, 1.0, 1.0), (
            result.mistakes
        )
        assert set(result.by_version) == {"http", "h2"}
        assert result.unexercised == ()

    def test_another_probe_is_scored_by_what_it_writes(self, tmp_path: Path):
        squares = lay_out([4], [0.0], methods=self.methods[1:2], versions=["h2"])
        script = tmp_path / "probe.py"
        script.write_text(_OTHER_PROBE)
        result = play_matrix(squares, tmp_path, probe=f"{sys.executable} {script} {{inputs}} {{output}}")
        assert (result.measurements, result.unreadable, result.unmatched) == (2, 1, 0)
        assert result.false_blocked == 0

    def test_a_probe_that_fails_is_said_so(self, tmp_path: Path):
        squares = lay_out([4], [0.0], methods=self.methods[1:2], versions=["h2"])
        with pytest.raises(BanwatchError, match="exit code 3"):
            play_matrix(squares, tmp_path, probe="sh -c 'exit 3'")
        with pytest.raises(BanwatchError, match="no measurements"):
            play_matrix(squares, tmp_path, probe="true")


_OTHER_PROBE = """
import json
import socket
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

# Resolve every input and write it down in OONI's format: as little as a probe can do.
ALWAYS = {
    "annotations": {}, "data_format_version": "0.2.0",
    "test_name": "web_connectivity", "test_version": "0.5.0",
    "software_name": "other", "software_version": "1", "test_runtime": 0.1, "report_id": "r",
    "probe_asn": "AS4766", "probe_cc": "KR", "probe_network_name": "", "probe_ip": "127.0.0.1",
    "resolver_asn": "AS4766", "resolver_ip": "168.126.63.1", "resolver_network_name": "",
}
with open(sys.argv[2], "w") as out:
    out.write("this is no measurement\\n")
    for url in open(sys.argv[1]).read().split():
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        host = urlsplit(url).hostname
        answer = {"answer_type": "A", "ipv4": socket.gethostbyname(host), "ttl": None}
        query = {
            "hostname": host, "query_type": "A", "engine": "getaddrinfo", "resolver_address": "",
            "failure": None, "answers": [answer], "t": 0.1, "t0": 0.0, "transaction_id": 1,
        }
        keys = {"queries": [query], "tcp_connect": [], "tls_handshakes": [], "requests": []}
        times = {"measurement_start_time": at, "test_start_time": at}
        out.write(json.dumps({**ALWAYS, **times, "input": url, "test_keys": keys}) + "\\n")
"""


def test_the_page_says_what_was_counted():
    row = Row(
        measurements=4,
        interfered=2,
        false_blocked=0,
        recall=0.5,
        mechanism_precision=1.0,
        mechanism_recall=0.25,
    )
    result = MatrixResult(
        measurements=4,
        false_blocked=0,
        recall=0.5,
        mechanism_precision=1.0,
        mechanism_recall=0.25,
        by_mechanism={
            "tls.reset.sni": MechanismScore(
                mechanism="tls.reset.sni",
                measurements=2,
                recall=0.5,
                states=(("likely_blocked", 1), ("ok", 1)),
                mechanism_precision=1.0,
                mechanism_recall=0.25,
            )
        },
        by_loss={"0.0": row},
        by_family={"4": row},
        by_version={"h2": row},
        unexercised=(Unexercised(mechanism="quic.timeout", why="none"),),
        confusion=(("nothing", "ok", 2), ("tls.reset.sni", "ok", 1), ("tls.reset.sni", "tls.reset", 1)),
        mistakes=(
            Mistake(
                measurement_uid=MeasurementUid("m"),
                input="https://a.example/<b>",
                access_tier="ipv4-loss0",
                at=FIRST_ROUND,
                true=("tls.reset.sni",),
                state="ok",
                said=(),
            ),
        ),
        unmatched=0,
        unreadable=0,
    )
    page = render_page(result)
    assert "<svg" in page
    assert "quic.timeout" in page
    assert "https://a.example/&lt;b&gt;" in page
    assert "50.0%" in page
    assert "likely_blocked 1, ok 1" in page
