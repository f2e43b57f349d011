"""The pace of a play: time-outs that a busy machine cannot reach."""

import msgspec
import pytest

from banwatch.lab.play.pace import MAX_SCALE, Pace, slowest_step_s
from banwatch.probe.settings import Timeouts

TIMEOUTS = Timeouts(dns_s=1.0, dns_late_s=0.25, tcp_s=1.0, tls_s=1.0, http_s=2.0, control_s=6.0)


def _line(*connects: tuple[str | None, float], handshake_s: float = 0.0) -> bytes:
    return msgspec.json.encode(
        {
            "input": "https://a.example/",
            "test_keys": {
                "tcp_connect": [
                    {
                        "ip": "23.192.0.1",
                        "status": {"success": failure is None, "failure": failure},
                        "t0": 1.0,
                        "t": 1.0 + s,
                    }
                    for failure, s in connects
                ],
                "tls_handshakes": [{"failure": None, "t0": 2.0, "t": 2.0 + handshake_s}],
                "requests": None,
            },
        }
    )


def test_only_what_went_well_says_how_slow_the_machine_is():
    assert slowest_step_s(_line((None, 0.1), ("generic_timeout_error", 9.0))) == pytest.approx(0.1)
    assert slowest_step_s(_line((None, 0.1), handshake_s=0.4)) == pytest.approx(0.4)
    assert slowest_step_s(b'{"test_keys": {}}') == 0.0


def test_a_quick_round_is_trusted_and_changes_nothing():
    pace = Pace(TIMEOUTS)
    assert pace.learn([_line((None, 0.1))], lag_s=0.05)
    assert pace.timeouts == TIMEOUTS


@pytest.mark.parametrize(("line", "lag_s"), [(_line((None, 0.5)), 0.0), (_line((None, 0.01)), 0.357)])
def test_a_slow_round_is_played_again_with_longer_time_outs(line: bytes, lag_s: float):
    pace = Pace(TIMEOUTS)
    assert not pace.learn([line], lag_s)
    assert (pace.timeouts.tcp_s, pace.timeouts.dns_s, pace.timeouts.http_s) == (1.5, 1.5, 3.0)
    assert pace.learn([line], lag_s)


def test_the_scale_has_an_end_and_falls_again():
    pace = Pace(TIMEOUTS)
    pace.learn([_line((None, 60.0))], lag_s=0.0)
    assert pace.scale == MAX_SCALE
    for _ in range(20):
        assert pace.learn([_line((None, 0.01))], lag_s=0.0)
    assert pace.timeouts == TIMEOUTS


def test_a_path_that_loses_packets_is_slow_by_itself():
    pace = Pace(TIMEOUTS, fixed=True)
    assert pace.learn([_line((None, 3.0))], lag_s=1.0)
    assert pace.timeouts == TIMEOUTS
