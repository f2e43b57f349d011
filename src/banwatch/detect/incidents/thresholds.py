"""Numbers by which outside signals are weighed, learned from the published list of outages.

`tools/learn_signals.py` prints them from the list of the SIGCOMM 2023 paper "Destination Unreachable"
(github.com/InetIntel/internet_outages), 2018 to 2022. The list holds outages that IODA's people looked at, so
that shares of outages seen are upper bounds; `SEEN_AT_MOST` and `SIGNAL_MOST_RATIO` allow for it.
"""

SEEN_ORDERED = {"bgp": 163 / 164, "active probing": 162 / 164, "telescope": 160 / 164}
"""Share of nationwide outages that somebody ordered, in which a signal was seen, by its kind."""
SEEN_OTHER = {"bgp": 48 / 51, "active probing": 50 / 51, "telescope": 40 / 51}
"""The same of outages of other known causes: cables, power, weather, routing."""
OUTAGES_PER_WEEK = 915 / 227 / 160
"""Nationwide outages of any cause in a week of a country that had one in those years."""
OTHER_PER_ORDERED = 52 / 164
"""Nationwide outages of other known causes, for each that was ordered."""
SEEN_AT_MOST = 0.8
"""Share of shutdowns that an observatory is taken to see, at most, where it sees none: what it missed is not
in its list."""
SIGNAL_MOST_RATIO = 20.0
"""Ratio by which all signals together speak against a gap of our own, at most: what makes our measurements
miss, a cable or a bad day of routing, is now and then what the observatory sees."""
LASTING_HOURS = 168
"""Hours that an incident without an end is taken to last, for the chance of a signal in them."""
OBSERVED_COUNTRIES = 3
"""Countries in an observatory's signals from which they are taken to be of the whole world, so that its
silence about one says something."""

# --- members and scopes --------------------------------------------------------------------------------

MEMBER_WITNESSES = 4
"""Witnesses named by a member: its first and last, and those of up to two changes of its mechanism."""
PHASE_CELLS = 3
"""Hours of measuring that show a mechanism before, and another after, for a change of mechanism: fewer may be
one probe's."""
PHASE_APART = 0.8
"""Difference between the shares of these hours that name a mechanism before and after its change. Two
mechanisms that both show now and then stay far below it."""
PHASE_NAMED_SHARE = 0.2
"""Share of a phase's hours that must name a mechanism for it to be one of the phase."""

BLOCK_TARGETS = 3
"""Targets, and addresses, of one block that are cut before the block is named: two may be neighbours by
chance."""
BLOCK_BITS_V4 = 12
BLOCK_BITS_V6 = 29
"""Length of the prefixes in which addresses are taken for one block: that of the largest CDNs' allocations
(104.16.0.0/12 of Cloudflare, 2a06:98c0::/29)."""
WENT_ON_HOURS = 3
"""Hours in which another network answered while some were silent, at least, for it to have gone on."""
EVERYTHING_TARGETS = 4
EVERYTHING_SHARE = 0.8
"""Targets, and share of all that were measured on the same networks, that must be interfered with for an
incident to be of everything: some servers are abroad, at home or exempt."""
DOMAIN_HOSTS = 2
"""Hosts of a domain that must have been cut before it is said that all of them were."""
