"""Strict score: whether a target worked by the ordinary route decides which states find it."""

import msgspec
import pytest

from banwatch.lab.score import Score, score
from banwatch.lab.score.usable import is_usable
from banwatch.lab.truth.flow_truth import FlowTruth
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation, Step
from banwatch.model.state import State
from tests.lab.flows import PUBLIC, SYSTEM, flow_truth
from tests.lab.score.test_count import _verdict

NAME = "a.example"
SITE, SECOND, FALSE = "23.192.0.1", "23.192.0.2", "31.13.94.37"
ASKED = flow_truth(SYSTEM, 53, None, ("qname", NAME))
FORGED = flow_truth(SYSTEM, 53, "dns.injection.other", ("qname", NAME))
FETCHED = flow_truth(SITE, 443, None, ("sni", NAME))


def _steps(
    system: tuple[str, ...] = (SITE,),
    public: tuple[str, ...] = (SITE,),
    page: str | None = SITE,
    hop: int = 0,
) -> list[Observation]:
    """Steps of a measurement whose page came from an address, or did not come."""
    uid = MeasurementUid("m")
    dns = [
        Observation(
            measurement_uid=uid,
            ordinal=0,
            step=Step.DNS,
            hostname=NAME,
            engine="getaddrinfo",
            answers=system,
            t_s=0.3,
            hop=hop,
        ),
        Observation(
            measurement_uid=uid,
            ordinal=1,
            step=Step.DNS,
            hostname=NAME,
            engine="udp",
            resolver_address=f"{PUBLIC}:53",
            answers=public,
            hop=hop,
        ),
    ]
    touched = dict.fromkeys((*system, *public))
    connects = [
        Observation(measurement_uid=uid, ordinal=2 + n, step=Step.TCP, ip=ip, port=443, t_s=0.5, hop=hop)
        for n, ip in enumerate(touched)
    ]
    if page is None:
        return [*dns, *connects]
    fetched = Observation(
        measurement_uid=uid,
        ordinal=9,
        step=Step.HTTP,
        hostname=NAME,
        ip=page,
        url=f"http://{NAME}/",
        status_code=200,
        t_s=0.6,
        hop=hop,
    )
    return [*dns, *connects, fetched]


def _score(state: State, steps: list[Observation], *flows: FlowTruth, rules: tuple[str, ...] = ()) -> Score:
    verdict = msgspec.structs.replace(
        _verdict("m", state, *(("dns.injection.other",) if state.accuses else ())), rules=rules
    )
    return score([verdict], {MeasurementUid("m"): steps}, flows)


ELSEWHERE = _steps(system=(FALSE,), page=SITE)
"""The system's resolver lies; the page came from the address that a public one gave."""


@pytest.mark.parametrize(
    ("state", "missed", "understated"),
    [
        (State.BLOCKED, 0, 0),
        (State.LIKELY_BLOCKED, 0, 0),
        (State.TAMPERED, 1, 1),
        (State.OK, 1, 0),
        (State.IMPAIRED, 1, 0),
    ],
)
def test_a_page_by_another_route_is_found_only_as_blocked(
    state: State, missed: int, understated: int
) -> None:
    got = _score(state, ELSEWHERE, FORGED, FETCHED)
    assert (got.interfered, got.usable, got.missed, got.understated) == (1, 0, missed, understated)
    assert bool(got.mistakes) is bool(missed)
    assert got.by_mechanism[0].states == ((state.value, 1),)


def test_no_page_is_no_use() -> None:
    reset = flow_truth(SITE, 443, "tls.reset.sni", ("sni", NAME))
    assert _score(State.TAMPERED, _steps(page=None), ASKED, reset).missed == 1
    assert _score(State.LIKELY_BLOCKED, _steps(page=None), ASKED, reset).missed == 0


def test_a_page_that_the_censor_wrote_is_no_use() -> None:
    page = flow_truth(SITE, 443, "http.blockpage", ("host", NAME))
    got = _score(State.OK, _steps(), ASKED, page)
    assert (got.missed, got.usable) == (1, 0)


def test_a_slowed_page_is_no_use() -> None:
    slowed = flow_truth(SITE, 443, "tls.throttle.sni", ("sni", NAME))
    assert _score(State.OK, _steps(), ASKED, slowed).missed == 1


def test_the_censor_s_page_at_a_forged_address_is_no_use() -> None:
    """Nobody touches the connection to the false address: the lookup was what the censor did."""
    got = _score(State.OK, _steps(system=(FALSE,), page=FALSE), FORGED, flow_truth(FALSE, 443, None))
    assert (got.missed, got.usable) == (1, 0)


ONE_OF_TWO = (_steps(system=(SITE, SECOND)), ASKED, FETCHED, flow_truth(SECOND, 443, "tcp.timeout"))


@pytest.mark.parametrize(
    ("state", "rules", "traced", "overstated"),
    [
        (State.OK, ("page.partly", "page.genuine"), 1, 0),
        (State.OK, ("page.genuine",), 0, 0),
        (State.TAMPERED, ("quic.cut",), 1, 0),
        (State.BLOCKED, ("tls.forged",), 0, 1),
    ],
)
def test_what_worked_all_the_same_is_counted_apart(
    state: State, rules: tuple[str, ...], traced: int, overstated: int
) -> None:
    steps, *flows = ONE_OF_TWO
    got = _score(state, steps, *flows, rules=rules)
    assert (got.interfered, got.usable, got.missed) == (0, 1, 0)
    assert (got.traced, got.overstated) == (traced, overstated)
    assert got.false_blocked == 0
    assert bool(got.mistakes) is (state.accuses)  # none of these names `tcp.timeout`


def test_every_hop_must_come() -> None:
    """A forged redirect to a page that loads is no use of the site."""
    redirect = flow_truth(SITE, 443, "http.redirect", ("host", NAME))
    uid = MeasurementUid("m")
    second = Observation(
        measurement_uid=uid,
        ordinal=20,
        step=Step.HTTP,
        hostname="page.example",
        ip="198.51.100.9",
        url="https://page.example/",
        status_code=200,
        t_s=0.9,
        hop=1,
    )
    got = _score(State.OK, [*_steps(), second], ASKED, redirect, flow_truth("198.51.100.9", 443, None))
    assert (got.missed, got.usable) == (1, 0)


def test_headers_that_were_altered_leave_the_page_usable() -> None:
    altered = flow_truth(SITE, 443, "http.tamper", ("host", NAME))
    got = _score(State.TAMPERED, _steps(), ASKED, altered)
    assert (got.missed, got.usable, got.traced) == (0, 1, 1)


def test_a_redirect_whose_aim_could_not_be_reached_opened_nothing() -> None:
    aim = Observation(
        measurement_uid=MeasurementUid("m"), ordinal=20, step=Step.TLS, hop=1, ip=SECOND, port=443
    )
    cut = msgspec.structs.replace(aim, failure="connection_reset")
    assert is_usable(_steps(), [ASKED, FETCHED])
    assert not is_usable([*_steps(), cut], [ASKED, FETCHED])


def test_a_flow_of_quic_is_not_the_page_s() -> None:
    slowed = flow_truth(SITE, 443, "tls.throttle.sni", ("sni", NAME))
    quic = msgspec.structs.replace(FETCHED, proto="udp")
    assert not is_usable(_steps(), [ASKED, slowed, quic])
    assert is_usable(_steps(), [ASKED, slowed, FETCHED])  # over TCP some came untouched


def test_a_resolver_that_was_lied_to_vouches_for_no_address() -> None:
    lie = flow_truth(PUBLIC, 53, "dns.injection.other", ("qname", NAME))
    steps = _steps(system=(FALSE,), public=(FALSE,), page=FALSE)
    came = flow_truth(FALSE, 443, None, ("sni", NAME))
    assert is_usable(steps, [FORGED, came])
    assert not is_usable(steps, [FORGED, came], [lie])
