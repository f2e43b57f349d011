"""Steps of a measurement: each beside what the control got for the same thing."""

from typing import Any

from banwatch.model.control import Control, ControlEndpoint, ControlHttp
from banwatch.model.failure import DNS_NO_ANSWER, Failure
from banwatch.model.ids import MeasurementUid
from banwatch.model.observation import Observation, Step
from banwatch.pages.views.step import view_steps

CONTROL = Control(
    dns_failure=None,
    addresses=("203.0.114.7",),
    dns_attempted=True,
    endpoints=(
        ControlEndpoint(
            ip="203.0.114.7",
            port=443,
            tcp_failure=None,
            tls_attempted=True,
            tls_failure=None,
            server_name="x.example",
        ),
    ),
    http=ControlHttp(failure=None, status_code=200, body_length=421, title="A page", headers=()),
    http3=None,
    address_info=(),
)


def observe_step(step: Step, ordinal: int = 0, **fields: object) -> Observation:
    return Observation(measurement_uid=MeasurementUid("m"), ordinal=ordinal, step=step, **fields)  # type: ignore[arg-type]  # fields of any type


def test_a_failure_stands_beside_what_the_control_got() -> None:
    reset = Failure("connection_reset")
    steps = view_steps(
        [
            observe_step(Step.TCP, ip="203.0.114.7", port=443, failure=Failure("generic_timeout_error")),
            observe_step(Step.TLS, 1, ip="203.0.114.7", port=443, hostname="x.example", failure=reset),
            observe_step(Step.HTTP, 2, url="https://x.example/", failure=reset, hop=1),
        ],
        CONTROL,
    )
    assert [(step.heading, step.what, step.probe, step.control, step.failed) for step in steps] == [
        ("TCP connection", "203.0.114.7:443", "failed: generic_timeout_error", "connected", True),
        ("TLS handshake", "203.0.114.7:443 as x.example", "failed: connection_reset", "completed", True),
        (
            "HTTP request, redirect 1",
            "GET https://x.example/",
            "failed: connection_reset",
            "200, “A page”, 421 bytes",
            True,
        ),
    ]


def test_a_type_of_address_that_the_control_lacks_too_is_no_failure() -> None:
    asked: dict[str, Any] = {"hostname": "x.example", "failure": DNS_NO_ANSWER}
    ipv6, ipv4 = view_steps(
        [
            observe_step(Step.DNS, query_type="AAAA", **asked),
            observe_step(Step.DNS, 1, query_type="A", **asked),
        ],
        CONTROL,
    )
    assert (ipv6.failed, ipv6.probe, ipv6.control) == (
        False,
        "no address of this kind",
        "no address of this kind",
    )
    assert (ipv4.failed, ipv4.control) == (True, "203.0.114.7")


def test_without_a_control_nothing_stands_beside() -> None:
    (step,) = view_steps([observe_step(Step.TCP, ip="2001:db8::1", port=80, follow_up="retry")], None)
    assert (step.heading, step.what, step.probe, step.control) == (
        "TCP connection (retry)",
        "[2001:db8::1]:80",
        "connected",
        "",
    )
