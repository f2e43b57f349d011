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
