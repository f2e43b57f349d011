"""Clients are slowed down, and cannot be identified."""

from banwatch.collector.limits.rate_limit import FORGET_S, RateLimit


def test_clients_are_slowed_down_and_not_known() -> None:
    now = 0.0
    limit = RateLimit(60, burst=3, clock=lambda: now)
    for _ in range(3):
        assert limit.wait_s("192.0.2.1") == 0
        limit.charge("192.0.2.1", 0)
    assert limit.wait_s("192.0.2.1") == 1
    assert limit.wait_s("192.0.2.2") == 0
    assert b"192" not in repr(limit.__dict__).encode()
    now += 1.5
    assert limit.wait_s("192.0.2.1") == 0
    limit.charge("192.0.2.1", 10 * 256 << 10)
    assert 9 < limit.wait_s("192.0.2.1") < 12
    limit.charge("2001:db8:0:12::1", 10 << 20)
    assert limit.wait_s("2001:db8:0:13::2") > 0
    assert limit.wait_s("2001:db8:1:12::1") == 0
    now += FORGET_S + 1
    assert limit.wait_s("192.0.2.1") == 0
    assert RateLimit(0).wait_s("192.0.2.1") == 0
