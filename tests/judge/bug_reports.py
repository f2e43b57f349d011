"""Public reports of wrong verdicts, each made anew as a small measurement with its address."""

import json
from dataclasses import dataclass
from typing import Any

from banwatch.model.state import State
from tests.judge import nettest_lines as n
from tests.judge.scenario import OTHER_AS, Helper, Lookup, Page, Scenario

TIMEOUT = "generic_timeout_error"
NXDOMAIN = "dns_nxdomain_error"
FAILED = Page(status=None, failure=TIMEOUT)
ACCUSED = frozenset({State.BLOCKED, State.LIKELY_BLOCKED})
FINE = frozenset({State.OK})
DEAD = frozenset({State.DOWN, State.INSUFFICIENT, State.IMPAIRED})
UNACCUSED = frozenset(State) - ACCUSED
NOT_FINE = frozenset(State) - FINE
WEAK = Helper(page=FAILED, tcp=TIMEOUT)
WAIT = '<html><head><title>Just a moment...</title></head><body><p class="cf">checking</p></body></html>'
CLOUDFLARE = (("content-type", "text/html"), ("server", "cloudflare"), ("cf-ray", "7b0000000000-HKG"))
PROVIDER = Page(
    body="<html><title>Internet Positif</title>This site is not available by order of the ministry</html>",
    title="Internet Positif",
    headers=(("content-type", "text/html"), ("server", "nginx")),
)
VE = Scenario(probe_cc="VE", probe_asn="AS8048")
OLD = Scenario(version="0.4.3")


@dataclass(frozen=True, slots=True)
class Report:
    """Report of a wrong verdict."""

    address: str
    """Repository and number, as GitHub writes them."""
    wrong: str
    """What was said, and what was the case."""
    line: bytes
    right: frozenset[State]
    layer: str = ""
    """Layer that an accusation must name."""


def _with_cname(line: bytes) -> bytes:
    """Put the canonical name before the addresses of every answer."""
    value = json.loads(line)
    for query in value["test_keys"]["queries"]:
        cname = {"answer_type": "CNAME", "hostname": "edge.cdn.example.net.", "ttl": None}
        query["answers"] = [cname, *(query["answers"] or [])]
    return json.dumps(value).encode()


def _nettest(name: str, keys: dict[str, Any]) -> bytes:
    return n.line(name, keys)


def _whatsapp_in_another_cloud() -> dict[str, Any]:
    keys = n.whatsapp(None, None)
    moved: dict[str, Any] = json.loads(json.dumps(keys).replace("157.240.20.", "18.194.64."))
    return moved


def _telegram_404() -> dict[str, Any]:
    keys = n.telegram(None, None)
    for request in keys["requests"][1:]:
        request["response"]["code"] = 404
    return keys


def _tor(reached: int) -> dict[str, Any]:
    keys = n.tor(TIMEOUT, TIMEOUT)
    for target in list(keys["targets"].values())[:reached]:
        target["failure"] = None
        target["tcp_connect"][0]["status"] = {"success": True, "failure": None}
    return keys


REPORTS = (
    Report(
        "ooni/probe#2456",
        "TCP blocking; IPv6 is configured and has no route",
        Scenario(broken_v6="network_unreachable").to_line(),
        FINE,
    ),
    Report(
        "ooni/probe#1734",
        "http-diff; the CDN's check of browsers stands before the site",
        Scenario(page=Page(status=503, body=WAIT, title="Just a moment...", headers=CLOUDFLARE)).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#2528",
        "confirmed; the CDN asked for a captcha",
        Scenario(
            probe_cc="HK",
            page=Page(
                status=403,
                body=WAIT.replace("Just a moment...", "Attention Required! | Cloudflare"),
                title="Attention Required! | Cloudflare",
                headers=CLOUDFLARE,
            ),
        ).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/backend#453",
        "accessible; the name led to a page of the provider (2019, Indonesia)",
        OLD.but(
            scheme="http",
            probe_cc="ID",
            probe_asn="AS17974",
            system=Lookup(("36.86.63.185",)),
            page=PROVIDER,
        ).to_line(),
        ACCUSED,
    ),
    Report(
        "ooni/backend#454",
        "error, as the control failed; a page that is known as the country's came",
        OLD.but(
            scheme="http",
            probe_cc="ID",
            probe_asn="AS17974",
            page=PROVIDER,
            helper=None,
            control_failure="unknown_failure",
        ).to_line(),
        ACCUSED,
        "http",
    ),
    Report(
        "ooni/probe#2881",
        "no verdict, as the control's GET fails everywhere; TLS fails here alone",
        Scenario(
            tls={"*": TIMEOUT},
            retries=True,
            other_name="ok",
            helper=Helper(page=Page(status=None, failure="unknown_error")),
        ).to_line(),
        ACCUSED,
        "tls",
    ),
    Report(
        "ooni/probe#1536",
        "accessible; the domain does not exist for anybody",
        Scenario(
            system=Lookup(failure=NXDOMAIN),
            plain=Lookup(failure=NXDOMAIN),
            encrypted=Lookup(failure=NXDOMAIN),
            helper=Helper(addresses=(), dns_failure=NXDOMAIN, page=Page(status=None, failure=NXDOMAIN)),
        ).to_line(),
        frozenset({State.DOWN}),
    ),
    Report(
        "ooni/probe-ios#79",
        "dns blocking; the provider sends unknown names to its search page",
        OLD.but(
            scheme="http",
            system=Lookup(("195.8.215.130",)),
            page=Page(body="<title>Search</title>Did you mean", title="Search"),
            helper=Helper(addresses=(), dns_failure=NXDOMAIN, page=Page(status=None, failure=NXDOMAIN)),
        ).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#1517",
        "ok; the answer was 127.0.0.1",
        OLD.but(
            probe_cc="VE",
            probe_asn="AS21826",
            system=Lookup(("127.0.0.1",)),
            tcp={"127.0.0.1": "connection_refused"},
        ).to_line(),
        ACCUSED,
        "dns",
    ),
    Report(
        "ooni/probe#1975",
        "accessible; all names were sent to a proxy at 127.0.0.1",
        OLD.but(scheme="http", system=Lookup(("127.0.0.1",))).to_line(),
        NOT_FINE,
    ),
    Report(
        "ooni/explorer#904",
        "failed; the provider's resolver answers SERVFAIL for this name",
        VE.but(version="0.4.3", system=Lookup(failure="dns_servfail_error")).to_line(),
        frozenset({State.IMPAIRED, *ACCUSED}),
        "dns",
    ),
    Report(
        "ooni/probe#1467",
        "failed with null; SERVFAIL under an unknown name",
        VE.but(
            version="0.4.3",
            system=Lookup(
                failure="unknown_failure: lookup www.example.net on 10.0.0.1:53: server misbehaving"
            ),
        ).to_line(),
        NOT_FINE,
    ),
    Report(
        "ooni/probe#1523",
        "dns inconsistent; a content network answers by place",
        OLD.but(system=Lookup(OTHER_AS)).to_line(),
        FINE,
    ),
    Report(
        "ooni/probe#2235",
        "dns inconsistent; one site in two companies' networks",
        Scenario(
            system=Lookup(("20.199.39.228",)),
            plain=Lookup(("20.199.39.228",)),
            encrypted=Lookup(("140.82.121.6",)),
            helper=Helper(addresses=("140.82.121.6",)),
        ).to_line(),
        FINE,
    ),
    Report(
        "ooni/data#180",
        "dns answer unmatched; the canonical name was taken for an answer",
        _with_cname(Scenario().to_line()),
        FINE,
    ),
    Report(
        "ooni/probe#2278",
        "#dnsDiff; TLS for the name succeeded at that address",
        Scenario(system=Lookup(OTHER_AS), plain=Lookup(OTHER_AS)).to_line(),
        FINE,
    ),
    Report(
        "ooni/probe#2301",
        "anomaly; the site has another's certificate for everybody",
        Scenario(
            tls={"*": "ssl_invalid_hostname"},
            helper=Helper(tls="ssl_invalid_hostname", page=Page(status=None, failure="ssl_invalid_hostname")),
        ).to_line(),
        DEAD,
    ),
    Report(
        "ooni/probe#2858",
        "failed and blocked; the site's certificate has expired",
        Scenario(
            tls={"*": "ssl_invalid_certificate"},
            helper=Helper(
                tls="ssl_invalid_certificate", page=Page(status=None, failure="ssl_invalid_certificate")
            ),
        ).to_line(),
        DEAD,
    ),
    Report(
        "ooni/probe-engine#769",
        "http-failure; the phone's library did not know the issuer",
        OLD.but(
            version="0.0.1",
            page=Page(
                status=None,
                failure="ssl_error: error:14007086:SSL routines:CONNECT_CR_CERT:certificate verify failed",
            ),
        ).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/explorer#178",
        "anomaly; the site is down for everybody",
        Scenario(tcp={"*": TIMEOUT}, helper=WEAK).to_line(),
        DEAD,
    ),
    Report(
        "measurement-kit/measurement-kit#1651",
        "accessible: true; neither side could reach it",
        OLD.but(scheme="http", tcp={"*": TIMEOUT}, helper=WEAK).to_line(),
        DEAD,
    ),
    Report(
        "ooni/backend#501",
        "ok; the helper failed and so did the site",
        OLD.but(
            probe_cc="MM", tcp={"*": TIMEOUT}, helper=None, control_failure="generic_timeout_error"
        ).to_line(),
        DEAD,
    ),
    Report(
        "ooni/backend#627",
        "accessible; site and helper were both blocked",
        OLD.but(
            probe_cc="TM",
            probe_asn="AS20661",
            tls={"*": "connection_reset"},
            helper=None,
            control_failure="connection_reset",
        ).to_line(),
        NOT_FINE,
    ),
    Report(
        "ooni/probe#2451",
        "anomaly now and then; the helper failed and the site opened",
        Scenario(helper=None, control_failure="unknown_failure: httpx: request failed").to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#2412",
        "failed; the site redirects for ever without its cookie",
        Scenario(
            page=Page(status=None, failure='unknown_failure: Get "/": stopped after 10 redirects'),
            helper=Helper(page=Page(status=None, failure="unknown_error")),
        ).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#1824",
        "anomaly; one of the site's own two servers answers 404",
        Scenario(page=Page(status=404, body="<title>Not Found</title>", title="Not Found")).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe-engine#811",
        "anomaly; the site itself redirects to 127.0.0.1",
        Scenario(
            redirects=(Page(status=302, body="", title=None, location="http://127.0.0.1/"),),
            page=Page(status=None, failure="connection_refused"),
            helper=Helper(page=Page(status=None, failure="connection_refused")),
        ).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/probe#1376",
        "null; the input is an address and needs no lookup",
        Scenario(
            host="1.1.1.1",
            system=Lookup(("1.1.1.1",)),
            plain=None,
            encrypted=None,
            helper=Helper(addresses=("1.1.1.1",)),
        ).to_line(),
        FINE,
    ),
    Report(
        "ooni/explorer#357",
        "website down; a directory authority of Tor did not answer here alone",
        Scenario(
            scheme="http",
            host="199.58.81.140",
            probe_cc="MX",
            probe_asn="AS8151",
            system=Lookup(("199.58.81.140",)),
            plain=None,
            encrypted=None,
            tcp={"*": TIMEOUT},
            retries=True,
            helper=Helper(addresses=("199.58.81.140",)),
        ).to_line(),
        NOT_FINE - {State.DOWN},
    ),
    Report(
        "ooni/ooni.org#1933",
        "dns scored; a public resolver failed, and the network's own did not",
        Scenario(plain=Lookup(failure=TIMEOUT)).to_line(),
        UNACCUSED,
    ),
    Report(
        "ooni/explorer#382",
        "blocked, in the feed; everything was consistent",
        OLD.but(probe_cc="GR", probe_asn="AS6799").to_line(),
        FINE,
    ),
    Report(
        "ooni/pipeline#125",
        "Telegram's web version blocked; its data centres answer GET with 404 and 501",
        _nettest("telegram", _telegram_404()),
        FINE,
    ),
    Report(
        "ooni/probe-engine#341",
        "WhatsApp inconsistent; its endpoints had moved to another cloud",
        _nettest("whatsapp", _whatsapp_in_another_cloud()),
        FINE,
    ),
    Report(
        "ooni/explorer#682",
        "ticks for all; nearly no relay of Tor was reached",
        _nettest("tor", _tor(1)),
        NOT_FINE,
    ),
)
