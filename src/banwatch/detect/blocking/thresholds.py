"""Numbers by which bursts are modelled and networks weighed together, each with its unit and reason."""

# --- bursts ------------------------------------------------------------------------------------------------

BURST_HOURS = 2.0
"""Mean length of a burst: bad hours of a probe or of a network are over when the machine or the line is."""
BURST_EXTRA = 0.5
"""Share of otherwise good votes that accuse in a burst: half of a run fails in the bad runs of the field."""
BURST_SHARES = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
"""Shares of the time in bursts that are tried: from one burst in half a year to one in three days."""
BURST_NATS = 6.0
"""Log likelihood by which series must be likelier with bursts than without: a single cluster of failures in a
clean series, which may as well be a short block, teaches no law of bursts."""
BURST_STEP_NATS = 3.0
"""Log likelihood that one hour of one series adds to that, at most: one bad hour, however many votes it has,
is one event."""
BURST_EDGE_HOURS = 24
"""Last hours of a series that are not asked for bursts: what fails there may be a block that has begun."""
BURST_LONGEST_HOURS = 24
"""Hours from which a stretch that is held for blocking is not asked for bursts."""
BURST_MARGIN_STEPS = 3
"""Steps around such a stretch that are not asked either: its ends are not exact."""
BURST_MOST_NATS = 40.0
"""Log likelihood ratio of a step above which more changes nothing: keeps products within floating point."""
BURST_STEPS = 500_000
"""Steps of all series together from which bursts are learned: more add no digit and take seconds."""

# --- networks of one target, together ----------------------------------------------------------------------

TOGETHER_ONSET_PER_HOUR = 5e-4
"""Chance per hour that a target becomes blocked in a country, on several networks. Evidence of two networks
is rarely false: at 1e-4 `bench/detect.py --networks --hard` took half an hour longer, with 0.04 false alarms
in 100 weeks."""
JOINS_SHARE = 0.5
"""Share of the measured networks that take part, before any data: orders are carried out by some operators
and not by others."""
POOLED_NATS = 7.5
"""Evidence of all networks together from which they are looked at together: the price of an onset."""
POOLED_LEAST_NATS = 2.0
"""Evidence of one network that makes it one of several: a single failure in a clean series."""
POOLED_OWN_VOTES = 1.0
"""Accusing votes of its own of which a network needs more, to be one of several: with the others' evidence
one stray failure in the days of their onset would make it one of them."""
POOLED_REACH_HOURS = 96
"""Hours for which a network's last vote speaks in it: rollouts take some days, and sparse networks are
measured once a day."""
POOLED_WITHIN_HOURS = 96
"""Hours around an onset in which it counts as one event."""
POOLED_MOST_NATS = 20.0
"""Log odds above which more changes nothing: keeps running sums within floating point."""

# --- everything on a network impaired ----------------------------------------------------------------------

IMPAIRED_TARGETS = 4
"""Targets that must be impaired in an hour: three fail together where they share a host or a resolver."""
IMPAIRED_HOURS_BY_TWO = 2
"""Hours in which two voices measured one target: one voice alone can say that everything is impaired."""
