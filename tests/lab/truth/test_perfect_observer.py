"""The perfect observer: flows folded by tier, target and hour."""

from datetime import timedelta

from banwatch.lab.truth.perfect_observer import fold_truth
from banwatch.lab.world import load_world
from banwatch.reference import load
from tests.lab.flows import AT, SYSTEM, flow_truth


def test_a_perfect_observer_speaks_by_tier_target_and_hour():
    world, later = load_world(), AT + timedelta(hours=1)
    target_of = load().target_of
    flows = [
        flow_truth(SYSTEM, 53, None, ("qname", "www.youtube.com")),
        flow_truth(
            SYSTEM, 53, "dns.injection.other", ("qname", "www.youtube.com"), at=AT + timedelta(hours=1)
        ),
        flow_truth("157.240.22.35", 443, "tcp.timeout"),  # read no name: everything that lives there
        flow_truth("185.199.108.153", 443, "network.shutdown"),  # the helper is no target
        flow_truth("203.0.113.1", 443, "tcp.timeout"),  # nothing lives there
    ]
    rows = fold_truth(reversed(flows), world, target_of)
    assert [(row.tier, row.target, row.hour, row.mechanisms, row.flows, row.acted_on) for row in rows] == [
        ("visitor", "facebook.com", AT, ("tcp.timeout",), 1, 1),
        ("visitor", "youtube.com", AT, (), 1, 0),
        ("visitor", "youtube.com", later, ("dns.injection.other",), 1, 1),
    ]
