"""Other names at an address where the target's was cut, as redirects show them without any follow-up."""

import json
from typing import Any

import pytest

from banwatch.judge.rules.parts.phrases import is_by_name
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import GENUINE, Page, Scenario
from tests.judge.test_field_cases import SHARED

RESET, REFUSED, TIMEOUT = "connection_reset", "connection_refused", "generic_timeout_error"
FIRST = "start.example.org"


def after_redirect(scenario: Scenario, scheme: str, ip: str, *, first: str = FIRST) -> bytes:
    """Put a redirect of another name, at an address, before everything that a scenario met."""
    value = json.loads(scenario.to_line())
    keys = value["test_keys"]
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests"):
        for step in keys[name] or []:
            step["tags"] = [tag.replace("depth=0", "depth=1") for tag in step["tags"]]
    port = 443 if scheme == "https" else 80
    tags: dict[str, Any] = {"tags": ["depth=0"], "t": 0.1}
    answers = [{"answer_type": "A", "ipv4": ip}]
    keys["queries"].insert(
        0, {"hostname": first, "query_type": "A", "engine": "getaddrinfo", "answers": answers, **tags}
    )
    keys["tcp_connect"].insert(
        0, {"ip": ip, "port": port, "status": {"success": True, "failure": None}, **tags}
    )
    if scheme == "https":
        shake = {"address": f"{ip}:443", "server_name": first, "failure": None, "network": "tcp", **tags}
        keys["tls_handshakes"].insert(0, shake)
    response = {"code": 302, "headers": {"Location": value["input"]}, "body": ""}
    request = {"request": {"url": f"{scheme}://{first}/", "method": "GET"}, "response": response}
    keys["requests"] = [*(keys["requests"] or []), {**request, "address": f"{ip}:{port}", **tags}]
    return json.dumps({**value, "input": f"{scheme}://{first}/"}).encode()


CUT = {"reset": RESET, "timeout": TIMEOUT}


@pytest.mark.parametrize("kind", CUT)
def test_a_handshake_of_another_name_at_the_address_shows_that_the_name_decides(kind: str) -> None:
    cut = Scenario(tls={"*": CUT[kind]}, page=Page(None, CUT[kind]))
    verdict = judge_line(after_redirect(cut, "https", GENUINE[0]))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (f"tls.{kind}.sni",))


@pytest.mark.parametrize(
    ("scheme", "ip", "first"),
    [
        ("https", "104.16.120.20", FIRST),
        ("http", GENUINE[0], FIRST),
        ("https", GENUINE[0], "www.example.net"),
    ],
    ids=["another address", "no TLS", "the same name"],
)
def test_anything_else_shows_nothing_of_the_name(scheme: str, ip: str, first: str) -> None:
    """Twins: still accused, and no more is named than the facts show."""
    cut = Scenario(tls={GENUINE[0]: RESET, GENUINE[1]: RESET}, page=Page(None, RESET))
    line = after_redirect(cut, scheme, ip, first=first)
    assert not is_by_name(weigh_line(line))


def test_an_unencrypted_request_of_another_name_shows_that_the_host_decides() -> None:
    cut = Scenario(scheme="http", page=Page(None, RESET))
    verdict = judge_line(after_redirect(cut, "http", GENUINE[0]))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.reset.host",))
    verdict = judge_line(after_redirect(cut, "http", "104.16.120.20"))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("http.reset",))


EMULATED = SHARED / "webconnectivity"


@pytest.mark.skipif(not EMULATED.is_dir(), reason="the measurements lie outside the repository")
class TestTwoActs:
    """Emulated cases of OONI's own tests, with a second act of the censor put in."""

    @staticmethod
    def case(name: str) -> dict[str, Any]:
        truths = (EMULATED / "emulated.truth.jsonl").read_text(encoding="utf-8").splitlines()
        at = [json.loads(truth)["case"] for truth in truths].index(name)
        value: dict[str, Any] = json.loads((EMULATED / "emulated.jsonl").read_bytes().splitlines()[at])
        return value

    def test_a_proxys_answer_and_a_block_page(self) -> None:
        value = self.case("dnsHijackingToProxyWithHTTPURL")
        response = value["test_keys"]["requests"][0]["response"]
        response["body"] = (
            "<html><head><title>Denied</title></head><body>By order of the authority</body></html>"
        )
        response["headers"], response["headers_list"] = {}, []
        verdict = judge_line(json.dumps(value).encode())
        assert verdict.state is State.LIKELY_BLOCKED
        assert set(verdict.mechanisms) == {"dns.injection", "http.blockpage"}

    @pytest.mark.parametrize(("failure", "mechanism"), [(REFUSED, "tcp.refused"), (TIMEOUT, "tcp.timeout")])
    def test_a_proxys_answer_and_connects_that_fail(self, failure: str, mechanism: str) -> None:
        value = self.case("tlsBlockingConnectionResetWithInconsistentDNS")
        for connect in value["test_keys"]["tcp_connect"]:
            connect["status"] = {"failure": failure, "success": False}
        value["test_keys"]["tls_handshakes"] = []
        verdict = judge_line(json.dumps(value).encode())
        assert verdict.state is State.LIKELY_BLOCKED
        assert set(verdict.mechanisms) == {"dns.injection", mechanism}

    def test_throttled_to_a_time_out_in_plain_http_too(self) -> None:
        """Nothing is compared with here, so that nobody is accused; the layer and what happened are named."""
        text = json.dumps(self.case("throttlingWithHTTPS"))
        value = json.loads(text.replace("https://largefile", "http://largefile").replace(":443", ":80"))
        keys = value["test_keys"]
        keys["tls_handshakes"], keys["control"]["tls_handshake"] = [], {}
        for connect in keys["tcp_connect"]:
            connect["port"] = 80
        verdict = judge_line(json.dumps(value).encode())
        assert (verdict.state, verdict.mechanisms) == (State.IMPAIRED, ("http.timeout",))
