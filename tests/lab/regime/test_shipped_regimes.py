"""Every regime that ships: its innocents in memory, and its effects on curl, dig, traceroute and Chromium."""

import json
import shutil
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path

import pytest

from banwatch.lab.censor.action import PASS, Direction
from banwatch.lab.censor.censor import Censor
from banwatch.lab.censor.packet import ACK, SYN, tcp_packet, udp_packet
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.regime.match import DnsTrigger, HttpTrigger, NameList, QuicTrigger, TlsTrigger
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime, regime_paths
from banwatch.lab.regime.rule import Rule
from banwatch.lab.world import World, load_world
from tests.lab.censor_kit import client_hello, dns_query
from tests.lab.labs import needs_lab


@cache
def the_world() -> World:
    """The world that ships, read once."""
    return load_world()


def _names_of(rule: Rule) -> NameList | None:
    trigger = rule.match.trigger
    if isinstance(trigger, DnsTrigger):
        return trigger.names
    if isinstance(trigger, (TlsTrigger, QuicTrigger)):
        return trigger.sni
    return trigger.host if isinstance(trigger, HttpTrigger) else None


def _is_named(regime: Regime, name: str, addresses: list[str]) -> bool:
    """Whether a rule may concern a site, worked out the slow and obvious way."""
    for rule in regime.rules:
        match, names = rule.match, _names_of(rule)
        if names is not None:
            if any(name == n or name.endswith("." + n) for n in names.suffix) or name in names.exact:
                return True
            if any(part in name for part in names.substring):
                return True
        elif match.trigger is None or match.to:  # whatever goes to some addresses
            for text in addresses:
                address = ip_address(text)
                if match.outside and not any(address in prefix for prefix in match.outside):
                    return True
                if any(address in prefix for prefix in match.to) or (not match.to and not match.outside):
                    return True
    return False


@pytest.mark.parametrize("name", sorted(regime_paths()))
def test_innocent_sites_are_passed_byte_for_byte(name: str) -> None:
    regime = load_regime(name)
    sites = [site for site in the_world().sites if not site.names[0].endswith("-crowd.net")]
    innocent = [
        (host, str(site.addresses[0]))
        for site in sites
        for host in site.names
        if site.addresses and not _is_named(regime, host, [str(a) for a in site.addresses])
    ]
    shutdowns = any(r.match.trigger is None and not r.match.to and not r.match.outside for r in regime.rules)
    assert shutdowns or any(rule.match.outside for rule in regime.rules) or len(innocent) > 40
    tier = next(iter(regime.tiers.values()))
    censor = Censor(regime, tier)
    now_s = datetime(2022, 1, 1, 12, tzinfo=UTC).timestamp()
    for number, (host, address) in enumerate(innocent):
        far = ip_address(address).packed
        own = tier.client_address if len(far) == 4 else tier.client_address6
        if own is None:
            continue
        near, port = own.packed, 10_000 + number
        for kind in (1, 28, 65):
            query = udp_packet(
                tier.client_address.packed, tier.resolver.packed, port, 53, dns_query(host, kind)
            )
            assert censor.handle_packet(query, Direction.OUTBOUND, now_s) is PASS
        hello = client_hello(host, padding=1_300)
        request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        for far_port, said in ((443, (hello[:1_200], hello[1_200:])), (80, (request,))):
            packets = [(b"", SYN, 0), *((part, ACK, 1) for part in said)]
            seq = 100
            for payload, flags, ack in packets:
                data = tcp_packet(near, far, port, far_port, seq=seq, ack=ack, flags=flags, payload=payload)
                assert censor.handle_packet(data, Direction.OUTBOUND, now_s) is PASS, (host, far_port)
                seq += len(payload) + bool(flags & SYN)
            back = tcp_packet(far, near, far_port, port, seq=1, ack=seq, flags=ACK, payload=b"answer")
            assert censor.handle_packet(back, Direction.INBOUND, now_s) is PASS


CURL = 'curl -sS -o /dev/null -w "%{http_code}" '
OK, COULD_NOT_CONNECT, TIMEOUT, TLS_FAILED, RESET = 0, 7, 28, 35, 56
EFFECTS: dict[str, tuple[str, str | None, list[tuple[str, int, str]]]] = {
    # regime: time, tier, [(what to ask curl or dig, exit code, how the output begins)]
    "open": ("2016-04-04", None, [("https://www.bbc.com/", OK, "200"), ("https://twitter.com/", OK, "200")]),
    "dprk-2016": (
        "2016-04-04",
        "visitor",
        [
            ("https://www.bbc.com/", TIMEOUT, "000"),
            ("https://twitter.com/", TLS_FAILED, "000"),
            ("http://www.voanews.com/", OK, "200"),
            ("https://www.nytimes.com/", OK, "200"),
            ("dig +short www.youtube.com", OK, ("31.13.94.", "104.244.46.")),  # type: ignore[list-item]  # any of two will do
        ],
    ),
    "cn-gfw": (
        "2022-01-01",
        None,
        [
            ("dig +short twitter.com", OK, ("31.13.94.", "104.244.46.")),  # type: ignore[list-item]  # any of two will do
            ("https://www.nytimes.com/", TLS_FAILED, "000"),
            ("http://www.hrw.org/?q=falun", RESET, "000"),
            ("https://www.theguardian.com/", OK, "200"),
        ],
    ),
    "ru-tspu": (
        "2022-04-01",
        None,
        [
            ("https://www.bbc.com/", TLS_FAILED, "000"),
            ("https://www.instagram.com/", TIMEOUT, "000"),
            ("https://telegram.org/", TIMEOUT, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "ir": (
        "2022-10-01",
        None,
        [
            ("dig +short twitter.com", OK, "10.10.34."),
            ("--resolve www.bbc.com:443:151.101.1.164 https://www.bbc.com/", TIMEOUT, "000"),
            ("--resolve www.voanews.com:80:23.45.108.250 http://www.voanews.com/", OK, "403"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "tm": (
        "2022-10-01",
        None,
        [
            ("dig +short www.mynottwitter.com", OK, "127.0.0.1"),
            ("--resolve twitter.com:443:104.244.42.1 https://twitter.com/", TLS_FAILED, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "kr": (
        "2022-10-01",
        None,
        [
            ("http://www.pornhub.com/", OK, "302"),
            ("https://www.bet365.com/", TLS_FAILED, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "uk-isp": (
        "2022-10-01",
        None,
        [
            ("http://www.pornhub.com/", OK, "403"),
            ("https://www.bet365.com/", TLS_FAILED, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "tr-2014": (
        "2014-04-01",
        None,
        [
            ("dig +short twitter.com", OK, "195.175.254.2"),
            ("dig +short @8.8.8.8 youtube.com", OK, "195.175.254.2"),
            ("dig +short @8.8.8.8 www.nytimes.com", OK, "151.101.1.164"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "ug-2021": (
        "2021-01-12T12:00Z",
        None,
        [
            ("https://www.facebook.com/", TIMEOUT, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "es-2025": (
        "2025-02-08T20:00Z",
        None,
        [
            ("-4 https://www.cloudflare.com/", TIMEOUT, "000"),
            ("-6 https://www.cloudflare.com/", OK, "200"),
            ("--resolve twitter.com:443:104.244.42.129 https://twitter.com/", OK, "200"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "ru-2022": (
        "2022-03-06T12:00Z",
        None,
        [
            ("https://www.bbc.com/", TLS_FAILED, "000"),
            ("https://cloudflare-quic.com/", OK, "200"),  # over TCP
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "in-2020": (
        "2020-10-02T06:00Z",
        "airtel",
        [
            ("http://www.pornhub.com/", OK, "200"),  # the provider's page
            ("https://www.bet365.com/", TLS_FAILED, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "uz-2021": (
        "2021-07-03",
        None,
        [
            ("https://www.bbc.com/", TLS_FAILED, "000"),  # "Object not found", in the clear
            ("http://www.voanews.com/", OK, "404"),
            ("https://twitter.com/", TIMEOUT, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "de-2024": (
        "2024-08-14",
        None,
        [
            ("http://www.pornhub.com/", OK, "403"),  # the notice, at a false address
            ("https://www.bet365.com/", COULD_NOT_CONNECT, "000"),
            ("dig +short @8.8.8.8 www.bet365.com", OK, "5.226.176.16"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "cu-2017": (
        "2017-06-02",
        None,
        [
            ("http://www.voanews.com/", OK, "200"),  # a page with nothing on it
            ("https://www.bet365.com/", TLS_FAILED, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
    "mm-2021": (
        "2021-02-08T06:00Z",
        None,
        [
            ("https://www.facebook.com/", TIMEOUT, "000"),
            ("--resolve twitter.com:443:104.244.42.1 https://twitter.com/", COULD_NOT_CONNECT, "000"),
            ("https://www.nytimes.com/", OK, "200"),
        ],
    ),
}


def test_every_regime_has_its_effects_tried() -> None:
    assert set(EFFECTS) == set(regime_paths())


def _run_all(lab: Lab, commands: list[str], folder: Path) -> list[tuple[int, str]]:
    """Run shell commands in the lab, side by side; their exit codes and outputs."""
    script = "\n".join(
        f"( {command} > {folder}/{n}.out 2>/dev/null; echo $? > {folder}/{n}.code ) &"
        for n, command in enumerate(commands)
    )
    assert lab.run(["sh", "-c", script + "\nwait"]) == 0
    return [
        (int((folder / f"{n}.code").read_text()), (folder / f"{n}.out").read_text())
        for n in range(len(commands))
    ]


def _command(what: str, code: int) -> str:
    if what.startswith("dig"):
        return what
    limit_s = 1.5 if code == TIMEOUT else 8  # only what never answers need not be waited for
    return f"{CURL} -m {limit_s} {what}".replace("?q=", "\\?q=")


@needs_lab
@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_programs_meet_what_the_regime_says(name: str, tmp_path: Path) -> None:
    if missing := [program for program in ("curl", "dig") if shutil.which(program) is None]:
        pytest.skip(f"not installed: {missing}")
    at, tier, effects = EFFECTS[name]
    regime = load_regime(name)
    clock = LabClock(datetime.fromisoformat(at).replace(tzinfo=UTC))
    commands = [_command(what, code) for what, code, _ in effects]
    hops = [str(hop) for hop in next(iter(regime.tiers.values())).path.hops]
    if hops and shutil.which("traceroute"):
        commands.append("traceroute -n -q 1 -w 1 151.101.1.164")
    hops6 = [str(hop) for hop in next(iter(regime.tiers.values())).path.hops6]
    if hops6 and shutil.which("traceroute") and Path("/proc/net/if_inet6").exists():
        commands.append("traceroute -6 -n -q 1 -w 1 2a04:4e42::11")
    truth = tmp_path / "truth.jsonl"
    with Lab(regime, tier or next(iter(regime.tiers)), the_world(), clock=clock, truth_path=truth) as lab:
        results = _run_all(lab, commands, tmp_path)
    for (what, code, begins), (got_code, got) in zip(effects, results, strict=False):
        assert got_code == code, what
        assert got.startswith(begins), what
    for command, (_, output) in list(zip(commands, results, strict=True))[len(effects) :]:
        seen = [line.split()[1] for line in output.splitlines()[1:]]
        assert seen == [*(hops6 if "-6" in command else hops), command.split()[-1]]
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    acted = {line["rule"] for line in lines} - {None}
    assert acted if regime.rules else not acted
    named = [line for line in lines if ["sni", "www.nytimes.com"] in line["names"]]
    if name not in ("open", "cn-gfw"):
        assert [line["rule"] for line in named] == [None]


@needs_lab
@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_chromium_meets_the_censor_in_spite_of_its_long_hello(tmp_path: Path) -> None:
    browser = "chromium --headless --no-sandbox --disable-gpu --timeout=8000 --dump-dom"
    profiles = [f"HOME={tmp_path} {browser} --user-data-dir={tmp_path}/{n}" for n in range(3)]
    commands = [
        f"{profiles[0]} https://www.nytimes.com/",
        f"{profiles[1]} https://www.bet365.com/",
        f"{profiles[2]} http://www.bet365.com/",
    ]
    clock = LabClock(datetime(2022, 10, 1, tzinfo=UTC))
    regime, truth = load_regime("uk-isp"), tmp_path / "truth.jsonl"
    with Lab(regime, "subscriber", the_world(), clock=clock, truth_path=truth) as lab:
        twin, blocked, page = (output for _, output in _run_all(lab, commands, tmp_path))
    assert "The New York Times" in twin
    assert "bet365" not in blocked.lower() or "ERR_" in blocked
    assert "Site blocked" in page
    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    hit = [line for line in lines if line["rule"] == "proxy-tls"]
    assert hit
    assert all(["sni", "www.bet365.com"] in line["names"] for line in hit)


def _https_effect(name: str, *, opens: bool) -> str | None:
    """The first plain HTTPS address of a regime's effects that opens, or does not."""
    _, _, effects = EFFECTS[name]
    found = (what for what, code, _ in effects if what.startswith("https://") and (code == OK) == opens)
    return next(found, None)


@needs_lab
@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_chromium_opens_the_innocent_and_not_the_blocked(name: str, tmp_path: Path) -> None:
    at, tier, _ = EFFECTS[name]
    regime = load_regime(name)
    innocent, blocked = _https_effect(name, opens=True), _https_effect(name, opens=False)
    addresses = [address for address in (innocent, blocked) if address]
    browser = "chromium --headless --no-sandbox --disable-gpu --timeout=8000 --dump-dom"
    commands = [
        f"HOME={tmp_path} timeout 20 {browser} --user-data-dir={tmp_path}/{n} {address}"
        for n, address in enumerate(addresses)
    ]
    clock = LabClock(datetime.fromisoformat(at).replace(tzinfo=UTC))
    with Lab(regime, tier or next(iter(regime.tiers)), the_world(), clock=clock) as lab:
        pages = dict(zip(addresses, (page for _, page in _run_all(lab, commands, tmp_path)), strict=True))
    titles = {f"https://{site.hostname}/": site.title for site in the_world().sites}
    assert innocent is not None
    assert f"<title>{titles[innocent]}</title>" in pages[innocent]
    if blocked is not None:
        assert f"<title>{titles[blocked]}</title>" not in pages[blocked]
    assert (blocked is None) == (name in ("es-2025", "ir", "open", "tm", "tr-2014")), (
        "the others block HTTPS by address or name, over both versions of IP"
    )
