"""Signatures of webhooks: right ones pass, and any other byte, time or key does not."""

import pytest

from banwatch.alerts.signing import WINDOW_S, make_secret, parse_secret, sign, verify_untrusted
from banwatch.model.errors import BanwatchError, WireError

KEY = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
BODY = b'{"test": 2432232314}'


def test_the_example_of_the_standard() -> None:
    headers = sign(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_right_signature_passes_within_the_window() -> None:
    headers = sign(KEY, "a/b/0", 1_000_000, BODY)
    assert verify_untrusted(KEY, headers, BODY, 1_000_000 + WINDOW_S) == "a/b/0"
    two = {**headers, "webhook-signature": "v1,AAAA " + headers["webhook-signature"]}
    assert verify_untrusted(KEY, two, BODY, 1_000_000) == "a/b/0"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "a/b/1"},
        {"webhook-timestamp": "1000001"},
        {"webhook-timestamp": "x"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "é"},
    ],
)
def test_any_other_header_fails(change: dict[str, str]) -> None:
    headers = sign(KEY, "a/b/0", 1_000_000, BODY) | change
    with pytest.raises(WireError):
        verify_untrusted(KEY, headers, BODY, 1_000_000)


def test_another_body_key_or_time_fails() -> None:
    headers = sign(KEY, "a/b/0", 1_000_000, BODY)
    for key, body, now in (
        (KEY, BODY + b" ", 1_000_000),
        (parse_secret(make_secret()), BODY, 1_000_000),
        (KEY, BODY, 1_000_000 + WINDOW_S + 1),
        (KEY, BODY, 1_000_000 - WINDOW_S - 1),
    ):
        with pytest.raises(WireError):
            verify_untrusted(key, headers, body, now)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whsec_*"])
def test_what_is_no_secret(text: str) -> None:
    with pytest.raises(BanwatchError):
        parse_secret(text)
