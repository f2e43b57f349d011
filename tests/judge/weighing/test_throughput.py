"""Slowness is interference too: downloads and handshakes against another name's over the same network."""

import msgspec
import pytest

from banwatch.formats.ooni import wire as w
from banwatch.formats.ooni.extensions import Throttling
from banwatch.model.state import State
from tests.judge.judging import judge_line, weigh_line
from tests.judge.scenario import Scenario
from tests.judge.weighing.test_follow_ups import with_keys


def events(ours_s: float, other_s: float | None, size: int = 60_000) -> msgspec.Raw:
    """Two notes of bytes a download: half, and all."""
    spans = [(1, "", ours_s)] + ([(900, "throughput_other", other_s)] if other_s else [])
    found = []
    for transaction_id, _, span in spans:
        for share in (0.5, 1.0):
            event = {
                "operation": "bytes_received_cumulative",
                "num_bytes": int(size * share),
                "t0": 1.0 + span * share,
                "t": 1.0 + span * share,
                "transaction_id": transaction_id,
            }
            found.append(event)
    return msgspec.Raw(msgspec.json.encode(found))


def download(ours_s: float, other_s: float | None, scheme: str = "https", size: int = 60_000) -> bytes:
    other = w.HttpTransaction(
        address="93.184.216.34:443",
        request=w.HttpRequest(method="GET", url="https://twin.example.org/"),
        response=w.HttpResponse(code=200, headers_list=[], body="x"),
        transaction_id=900,
        tags=["depth=0", "follow_up=throughput_other"],
    )
    line = Scenario(scheme=scheme).to_line()
    return with_keys(line, requests=[other], network_events=events(ours_s, other_s, size))


@pytest.mark.parametrize(("scheme", "node"), [("https", "tls.throttle.sni"), ("http", "http.throttle.host")])
def test_a_name_ten_times_slower_than_another_is_throttled(scheme: str, node: str) -> None:
    verdict = judge_line(download(4.0, 0.05, scheme))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, (node,))
    assert "kbit/s" in verdict.sentence


@pytest.mark.parametrize(("kind", "words"), [("policing", "is dropped"), ("shaping", "waits in a queue")])
def test_policing_is_told_from_shaping(kind: str, words: str) -> None:
    throttling = Throttling(kind={"download": kind, "upload": None}, control_goodput_bps=8_000_000.0)
    verdict = judge_line(with_keys(download(4.0, 0.05), x_throttling=throttling))
    assert verdict.state is State.LIKELY_BLOCKED
    assert words in verdict.sentence


def test_a_page_that_is_slow_for_the_control_too_accuses_nobody() -> None:
    throttling = Throttling(kind={"download": "shaping"}, control_goodput_bps=200_000.0)
    assert judge_line(with_keys(download(4.0, 0.05), x_throttling=throttling)).state is State.OK


@pytest.mark.parametrize(
    ("ours_s", "other_s", "size"),
    [(4.0, 2.0, 60_000), (4.0, None, 60_000), (0.5, 0.01, 60_000), (4.0, 0.05, 20_000)],
    ids=["slow network", "nothing to compare with", "fast enough", "too short to say"],
)
def test_slowness_with_another_reason_accuses_nobody(ours_s: float, other_s: float | None, size: int) -> None:
    assert judge_line(download(ours_s, other_s, size=size)).state is State.OK


def shaken(ours_s: float, other_s: float) -> bytes:
    shakes = [
        w.TlsHandshake(
            network="tcp",
            address="151.101.1.164:443",
            server_name=host,
            t0=1.0,
            t=1.0 + span,
            no_tls_verify=bool(tag),
            transaction_id=number,
            tags=["depth=0", *tag],
        )
        for number, (host, span, tag) in enumerate(
            [("www.example.net", ours_s, []), ("other.example.org", other_s, ["follow_up=other_name"])], 1
        )
    ]
    return with_keys(Scenario().to_line(), tls_handshakes=tuple(shakes))


def test_a_handshake_ten_times_slower_than_another_names_is_slowed() -> None:
    assert judge_line(shaken(8.0, 0.2)).mechanisms == ("tls.throttle.sni",)
    assert judge_line(shaken(8.0, 6.0)).state is State.OK
    assert judge_line(shaken(1.0, 0.02)).state is State.OK


def test_events_of_an_unknown_shape_say_nothing() -> None:
    odd = msgspec.Raw(b'[{"operation": "bytes_received_cumulative", "num_bytes": "many"}]')
    assert weigh_line(with_keys(Scenario().to_line(), network_events=odd)).http_goodput_bps is None


def on_a_loaded_machine(
    other_s: float,
    kind: str | None,
    slowdown: float,
    control_bps: float | None,
    control_twin_bps: float | None = None,
) -> bytes:
    throttling = Throttling(
        kind={"download": kind},
        slowdown={"download": slowdown},
        control_goodput_bps=control_bps,
        control_twin_goodput_bps=control_twin_bps,
    )
    return with_keys(download(4.0, other_s), x_throttling=throttling)


@pytest.mark.parametrize("kind", ["policing", "shaping"])
def test_marks_of_a_limit_make_up_for_a_loaded_machine(kind: str) -> None:
    """The score at a load of ten: 114 kbit/s, another name 736, the control 236."""
    verdict = judge_line(on_a_loaded_machine(0.65, kind, 5.6, 245_000.0))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls.throttle.sni",))


@pytest.mark.parametrize(
    ("other_s", "kind", "slowdown", "control_bps"),
    [
        (0.65, None, 5.6, 300_000.0),
        (0.65, "policing", 2.5, 300_000.0),
        (1.5, "policing", 5.6, 300_000.0),
        (0.65, "shaping", 5.6, 160_000.0),
        (0.65, "shaping", 5.6, None),
    ],
    ids=["no marks", "second pair alike", "first pair alike", "a narrow server", "no control"],
)
def test_a_loaded_machine_alone_accuses_nobody(
    other_s: float, kind: str | None, slowdown: float, control_bps: float | None
) -> None:
    assert judge_line(on_a_loaded_machine(other_s, kind, slowdown, control_bps)).state is State.OK


def test_a_control_to_which_every_page_comes_slowly_tells_nothing_of_the_site() -> None:
    """The score at a load of twenty: 107 kbit/s, another name 889, the control 50 for either."""
    verdict = judge_line(on_a_loaded_machine(0.65, "shaping", 6.0, 50_000.0, 70_000.0))
    assert (verdict.state, verdict.mechanisms) == (State.LIKELY_BLOCKED, ("tls.throttle.sni",))
    slow_site = on_a_loaded_machine(0.65, "shaping", 6.0, 110_000.0, 5_000_000.0)
    assert judge_line(slow_site).state is State.OK
    unmarked = on_a_loaded_machine(0.65, None, 6.0, 50_000.0, 70_000.0)
    assert judge_line(unmarked).state is State.OK
