"""Further public reports of wrong verdicts: content networks, helpers, old probes, messengers, filters."""

import json
from typing import Any

from banwatch.model.state import State
from tests.judge import nettest_lines as n
from tests.judge.bug_reports import ACCUSED, FAILED, FINE, NOT_FINE, OLD, TIMEOUT, UNACCUSED, WEAK, Report
from tests.judge.scenario import GENUINE_V6, Helper, Lookup, Page, Scenario

PLAIN = (("content-type", "text/html"),)
NOT_HERE = Page(
    body="<title>Example</title>" + "We are sorry: this is not available in your country. " * 8,
    title="Example",
)
EXPIRED = Page(status=None, failure="ssl_invalid_certificate")
DENIED = Page(
    body="<title>Blocked</title>This page has been blocked by your provider", title="Blocked", headers=PLAIN
)
STUB = Page(body="<title>Закрыто</title>Доступ к ресурсу ограничен", title="Закрыто", headers=PLAIN)


def _with_requests(line: bytes, *requests: dict[str, Any], **keys: Any) -> bytes:
    """Line with other requests, of which those without a response say how they failed."""
    value = json.loads(line)
    came = value["test_keys"]["requests"][0]
    lost = {"failure": TIMEOUT, "response": {"code": 0, "body": "", "headers": {}}}
    value["test_keys"]["requests"] = [{**came, **(lost if one.get("lost") else one)} for one in requests]
    value["test_keys"].update(keys)
    return json.dumps(value).encode()


def _all_marked_as_timed_out(line: bytes) -> bytes:
    value = json.loads(_with_requests(line, {"lost": True}, http_experiment_failure=TIMEOUT))
    for connect in value["test_keys"]["tcp_connect"]:
        connect["status"] = {"success": False, "failure": TIMEOUT}
    return json.dumps(value).encode()


def _whatsapp_web_refuses() -> dict[str, Any]:
    keys = n.whatsapp(None, None)
    keys["requests"].append(n.request("http://web.whatsapp.com/", code=403))
    return keys


def _telegram_one_centre() -> dict[str, Any]:
    keys = n.telegram(TIMEOUT, None)
    keys["tcp_connect"][0] = n.connect(n.DC[0], 80)
    keys["requests"][1] = n.request(f"http://{n.DC[0]}:80/", code=501)
    return keys


MORE_REPORTS = (
    Report(
        "ooni/probe#2333",
        "http-diff; the site itself sends visitors of a country to a page of its own",
        Scenario(
            scheme="http",
            probe_cc="KH",
            probe_asn="AS23673",
            redirects=(
                Page(status=301, body="", title=None, location="https://www.example.net/"),
                Page(status=302, body="", title=None, location="https://www.example.net/restricted"),
            ),
            page=NOT_HERE,
        ).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#2457",
        "http-failure; one request inside TLS went unanswered, and the page opens",
        Scenario(page=FAILED).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#2285",
        "anomaly; the site does not answer the helper's GET and TLS, and opens here",
        Scenario(helper=Helper(page=FAILED, tls=TIMEOUT)).to_line(),
        FINE,
    ),
    Report(
        "ooni/probe#2286",
        "anomaly; the site drops the helper's packets, and opens here",
        Scenario(helper=WEAK).to_line(),
        FINE,
    ),
    Report(
        "ooni/probe#2050",
        "timed out in every step; only the helper had timed out",
        _all_marked_as_timed_out(OLD.but(helper=None, control_failure=TIMEOUT).to_line()),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#1538",
        "dns inconsistent; the helper asked for IPv4 addresses alone",
        Scenario(
            system=Lookup((GENUINE_V6,)), plain=Lookup((GENUINE_V6,)), encrypted=Lookup((GENUINE_V6,))
        ).to_line(),
        FINE,
    ),
    Report(
        "ooni/probe#1828",
        "http-failure; the helper of 2021 got the page without looking at the expired certificate",
        OLD.but(page=EXPIRED).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe-legacy#84",
        "http-failure; the page came when it was asked for again",
        _with_requests(
            OLD.but(scheme="http", probe_cc="ZM", probe_asn="AS30969").to_line(),
            {"failure": None},
            {"lost": True},
            http_experiment_failure=TIMEOUT,
        ),
        FINE,
    ),
    Report(
        "ooni/ooni.org#1317",
        "WhatsApp's web version blocked; http://web.whatsapp.com answers 403 to everybody",
        n.line("whatsapp", _whatsapp_web_refuses()),
        FINE,
    ),
    Report(
        "ooni/probe#2877",
        "ok; one of Telegram's five centres answered, and four did not",
        n.line("telegram", _telegram_one_centre()),
        NOT_FINE,
    ),
    Report(
        "measurement-kit/measurement-kit#1492",
        "ok; WhatsApp's names resolved well, and no connect went through",
        n.line("whatsapp", n.whatsapp(TIMEOUT, None)),
        ACCUSED,
        "tcp",
    ),
    Report(
        "net4people/bbs#84",
        "not seen by those who look for the border's injector: the provider answers 127.0.0.1",
        Scenario(
            probe_cc="CN",
            probe_asn="AS4134",
            system=Lookup(("127.0.0.1",)),
            tcp={"127.0.0.1": "connection_refused"},
        ).to_line(),
        ACCUSED,
        "dns",
    ),
    Report(
        "ValdikSS/blockcheck#67",
        "opens; the provider's stub came from the site's own address, with status 200",
        Scenario(scheme="http", probe_cc="RU", probe_asn="AS12389", page=STUB).to_line(),
        ACCUSED,
        "http",
    ),
    Report(
        "bol-van/zapret#1175",
        "DNS hijacked; the public resolver gave nothing, and the provider's the right addresses",
        Scenario(plain=Lookup(failure="dns_nxdomain_error")).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/backend#685",
        "accessible; an unencrypted redirect led to the provider's filter on another port",
        Scenario(
            scheme="http",
            probe_cc="CY",
            probe_asn="AS6866",
            redirects=(
                Page(
                    status=302,
                    body="",
                    title=None,
                    headers=(),
                    location="http://www.safeinternet.example-provider.com:8080/webadmin/deny",
                ),
            ),
            page=DENIED,
        ).to_line(),
        ACCUSED,
        "http",
    ),
    Report(
        "ooni/blocking-fingerprints#22",
        "confirmed; words of one country's page stand on another country's",
        Scenario(
            scheme="http",
            probe_cc="IN",
            probe_asn="AS55836",
            page=Page(body="This site is not available by order of the ministry", title=None, headers=PLAIN),
        ).to_line(),
        frozenset(State) - {State.BLOCKED},
    ),
)
