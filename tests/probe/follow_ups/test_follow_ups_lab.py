"""Each follow-up against a real censor: what it adds to a verdict, and that it adds nothing to its twin's."""

import asyncio
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from banwatch.judge import judge_line
from banwatch.judge.rules.parts.phrases import whereabouts
from banwatch.lab.machine.clock import LabClock
from banwatch.lab.machine.lab import Lab
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.world import load_world
from banwatch.lab.world.world import World
from banwatch.model.evidence import Evidence
from banwatch.model.ids import Asn, CountryCode
from banwatch.model.verdict import Verdict
from banwatch.net.real import RealNet
from banwatch.probe.session import Session
from banwatch.probe.settings import Settings, Timeouts
from banwatch.reference import load
from tests.lab.labs import NEEDS_LAB_ALONE

pytestmark = NEEDS_LAB_ALONE

AT = datetime(2016, 4, 5, tzinfo=UTC)
HERE = Path(__file__).parent
PLAIN_HTTP = frozenset({"host", "page", "host-silent", "any-host-silent", "in-trouble"})
NO_SUCH_NAME = "https://nowhere.net/"
BRISK = Timeouts(dns_s=1, dns_late_s=0.3, tcp_s=1, tls_s=1, http_s=1.5, control_s=10)
PATIENT = Timeouts(dns_s=2, dns_late_s=0.3, tcp_s=2, tls_s=2, http_s=3, control_s=10)
PATIENTLY = ("over-ipv6", "unanswered")


@dataclass(frozen=True)
class Settles:
    """What a follow-up settles, and for whom it settles nothing."""

    follow_ups: tuple[str, ...]
    site: str
    less: tuple[str, ...]
    """State and mechanisms without it."""
    more: tuple[str, ...]
    twin: str
    control: bool = True
    beside: tuple[str, ...] = ("retry",)
    """Follow-ups that were made before it."""

    def __str__(self) -> str:
        return f"{'+'.join(self.follow_ups)}: {self.site}"


NOTHING = ("insufficient",)
LIKELY, BLOCKED, IMPAIRED = "likely_blocked", "blocked", "impaired"
TRIED = ("retry", "other_name")
HOPS = ("tls_hops", "tcp_hops")
CASES = (
    # with a control
    Settles(("other_name",), "by-name", (LIKELY, "tls.timeout"), (LIKELY, "tls.timeout.sni"), "hangs-up"),
    Settles(("other_name",), "any-name", (LIKELY, "tls.reset"), (LIKELY, "tls.reset.other"), "hangs-up"),
    Settles(
        ("innocent_elsewhere", "name_elsewhere"),
        "remembered",
        (LIKELY, "tls.reset"),
        (LIKELY, "tls.reset.sni"),
        "remembered-address",
    ),
    Settles(
        ("no_sni",),
        "allow-list",
        (LIKELY, "tls.reset.other"),
        (LIKELY, "tls.reset.sni"),
        "any-name",
        beside=TRIED,
    ),
    Settles(
        ("say_nothing",),
        "before-any-word",
        (LIKELY, "tls.reset.other"),
        (LIKELY, "tcp.reset"),
        "any-name",
        beside=TRIED,
    ),
    Settles(
        ("resets_ignored",),
        "host",
        (LIKELY, "http.reset"),
        (BLOCKED, "http.reset"),
        "in-trouble",
    ),
    Settles(
        ("other_host",),
        "host-silent",
        (IMPAIRED, "http.timeout"),
        (LIKELY, "http.timeout"),
        "any-host-silent",
    ),
    Settles(("name_elsewhere",), "page", (IMPAIRED, "http.error"), (LIKELY, "http.error"), "in-trouble"),
    Settles(("innocent_elsewhere",), "over-ipv6", (IMPAIRED,), (LIKELY, "tcp.timeout"), "hangs-up"),
    Settles(
        ("no_resolver",),
        "forged",
        (LIKELY, "dns.injection.other"),
        (BLOCKED, "dns.injection.other"),
        "lied-about",
    ),
    Settles(("innocent_name",), "unanswered", (IMPAIRED, "dns.timeout"), (LIKELY, "dns.timeout"), "hangs-up"),
    # without one
    Settles(("split_hello",), "single-packets", NOTHING, (LIKELY, "tls.eof"), "hangs-up", control=False),
    Settles(
        ("innocent_elsewhere", "name_elsewhere"),
        "by-name",
        NOTHING,
        (LIKELY, "tls.timeout.sni"),
        "says-nothing",
        control=False,
    ),
    Settles(("resets_ignored",), "outlived", NOTHING, (BLOCKED, "tls.reset"), "hangs-up", control=False),
    Settles(HOPS, "near", NOTHING, (BLOCKED, "tls.alert"), "hangs-up", control=False),
    Settles(HOPS, "by-name", NOTHING, (BLOCKED, "tls.timeout"), "says-nothing", control=False),
    Settles(("x_tcp_info",), "dropped", NOTHING, (LIKELY, "tls.reset"), "hangs-up", control=False),
    Settles(
        ("sibling", "sibling_doh"),
        "forged",
        NOTHING,
        (BLOCKED, "dns.injection.other"),
        "nowhere",
        control=False,
    ),
    Settles(
        ("mixed_case",), "denied", NOTHING, (LIKELY, "dns.nxdomain"), "denied-in-any-case", control=False
    ),
    Settles(("doh",), "denied-in-any-case", NOTHING, (LIKELY, "dns.nxdomain"), "nowhere", control=False),
    Settles(
        ("dns_hops",), "denied-in-any-case", NOTHING, (BLOCKED, "dns.nxdomain"), "nowhere", control=False
    ),
)
BLAMELESS = ("innocent", "in-trouble", "hangs-up", "says-nothing", "nowhere")
NEEDED = {
    *((name, case.control) for case in CASES for name in (case.site, case.twin)),
    *((name, control) for name in BLAMELESS for control in (True, False)),
    ("outlived", True),
    ("dropped", True),
}


def _measure(
    world: World, urls: list[str], helper_url: str | None, timeouts: Timeouts = BRISK
) -> list[bytes]:
    chosen = Settings(
        probe_cc=CountryCode("KP"),
        probe_asn=Asn(131279),
        helper_url=helper_url,
        ca_file=world.ca_file,
        now=lambda: AT,
        timeouts=timeouts,
        annotations={"lab": "follow-ups"},
        rng=random.Random(1),
        thorough=True,
        resolvers=("8.8.8.8:53",),
        tcp_resolvers=(),
        dot_resolvers=(),
        doh_resolvers=(),
        parallelism=14,
    )

    async def collect() -> list[bytes]:
        return [line async for line in Session(RealNet(), chosen).run(urls)]

    return asyncio.run(collect())


def _in_breath(
    lab: Lab, world: World, urls: list[str], helper_url: str | None, timeouts: Timeouts = BRISK
) -> dict[str, dict[str, Any]]:
    """Measure; measure again, with more patience, what the probe says that its machine was too slow for."""
    found: dict[str, dict[str, Any]] = {}
    for patience in (timeouts, PATIENT, PATIENT):
        lines = lab.call(_measure, world, urls, helper_url, patience)
        found |= {measurement["input"]: measurement for measurement in map(json.loads, lines)}
        urls = [url for url in urls if weighed(found[url]).slow_probe]
        if not urls:
            break
    return found


Measured = dict[tuple[str, bool], dict[str, Any]]


@pytest.fixture(scope="module")
def measured() -> Measured:
    """Every site of the world, with a control and without one."""
    world = load_world(HERE / "follow_ups_world.yaml")
    names = [site.hostname for site in world.sites if site.hostname.startswith("www.")]
    short = {name: name.removeprefix("www.").removesuffix(".net") for name in names}
    urls = {short[name]: f"{'http' if short[name] in PLAIN_HTTP else 'https'}://{name}/" for name in names}
    urls["nowhere"] = NO_SUCH_NAME
    found: Measured = {}
    with Lab(load_regime(HERE / "follow_ups_regime.yaml"), "all", world, clock=LabClock(AT)) as lab:
        for helper_url in (world.helper_url, None):
            control = helper_url is not None
            wanted = {name: url for name, url in urls.items() if (name, control) in NEEDED}
            wanted = {name: url for name, url in wanted.items() if not (control and name in PATIENTLY)}
            by_url = _in_breath(lab, world, list(wanted.values()), helper_url)
            found |= {(name, control): by_url[url] for name, url in wanted.items()}
        # whoever times out must not be out of breath, or nobody is accused
        patient = [urls[name] for name in PATIENTLY]
        patiently = _in_breath(lab, world, patient, world.helper_url, PATIENT)
        found |= {(name, True): patiently[urls[name]] for name in PATIENTLY}
        # and how soon a reset comes can be told only by a probe that does nothing else
        found["dropped", False] = _in_breath(lab, world, [urls["dropped"]], None)[urls["dropped"]]
        # a packet that a busy machine held back spoils one measurement of many: those are made once more
        for site, control in {(case.site, case.control) for case in CASES if not _is_settled(found, case)}:
            again = _in_breath(lab, world, [urls[site]], world.helper_url if control else None, PATIENT)
            found[site, control] = again[urls[site]]
    return found


def _is_settled(found: Measured, case: Settles) -> bool:
    """Tell whether a case came out as it should."""
    measurement = found[case.site, case.control]
    less = judged(only(measurement, case.beside))
    more = judged(only(measurement, (*case.beside, *case.follow_ups)))
    return (less.state.value, *less.mechanisms, more.state.value, *more.mechanisms) == (
        *case.less,
        *case.more,
    )


def only(measurement: dict[str, Any], follow_ups: Iterable[str]) -> dict[str, Any]:
    """The measurement as if no other follow-ups had been made; `x_tcp_info` is one of them."""
    kept = {f"follow_up={name}" for name in follow_ups}
    keys = {}
    for name, value in measurement["test_keys"].items():
        keys[name] = value
        if isinstance(value, list):
            keys[name] = [
                one
                for one in value
                if not isinstance(one, dict)
                or all(tag in kept for tag in one.get("tags") or () if tag.startswith("follow_up="))
            ]
    if "x_tcp_info" not in follow_ups:
        keys["x_tcp_info"] = [one for one in keys["x_tcp_info"] if one["segments_ignored"] is not None]
    return {**measurement, "test_keys": keys}


def weighed(measurement: dict[str, Any]) -> Evidence:
    return judge_line(json.dumps(measurement).encode(), load()).evidence


def judged(measurement: dict[str, Any]) -> Verdict:
    return judge_line(json.dumps(measurement).encode(), load()).verdict


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_follow_up_settles_what_was_open(measured: Measured, case: Settles) -> None:
    measurement = measured[case.site, case.control]
    less = judged(only(measurement, case.beside))
    more = judged(only(measurement, (*case.beside, *case.follow_ups)))
    assert (less.state.value, *less.mechanisms) == case.less
    assert (more.state.value, *more.mechanisms) == case.more


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_innocent_twin_is_judged_as_before(measured: Measured, case: Settles) -> None:
    measurement = measured[case.twin, case.control]
    less = judged(only(measurement, case.beside))
    more = judged(only(measurement, (*case.beside, *case.follow_ups)))
    assert (less.state, less.mechanisms) == (more.state, more.mechanisms)


def test_a_censor_in_the_path_is_told_from_one_beside_it(measured: Measured) -> None:
    beside, within = weighed(measured["outlived", True]), weighed(measured["dropped", True])
    assert (beside.reset_place, beside.reset_outlived) == ("on-path", True)
    assert (within.reset_place, within.reset_outlived) == ("in-path", False)
    assert whereabouts(within).startswith(", from in the path")
    assert within.cut_hops == 3
    server = weighed(measured["hangs-up", True])
    assert (server.reset_place, server.reset_outlived) == ("", False)


@pytest.mark.parametrize("name", BLAMELESS)
@pytest.mark.parametrize("control", [True, False])
def test_nobody_is_accused_for_what_sites_do(measured: Measured, name: str, control: bool) -> None:
    assert not judged(measured[name, control]).state.accuses
