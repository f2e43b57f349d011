"""Numbers that decide how a ban is compared and registered, each with its unit, its reason and its evidence.

None is fitted to data: the register holds too few bans that are measured. The regime `dprk-2016` of the lab,
whose truth is known, comes out right with these values (`tests/demo`).
"""

ENFORCED_SHARE = 0.9
"""Share of the decisive measurements that must show interference: real censors let a few per cent through."""
PARTLY_MEASUREMENTS = 2
"""Measurements, by as many voices, that make isolated interference count as partial enforcement. One
measurement may be forged or mistaken."""
WINDOW_DAYS = 60
"""Days before the beginning and after the end of a ban in which measurements are compared with it. Further
away they say nothing about it."""
ZONE_MARGIN_HOURS = 14
"""Hours around an announced day in which the day may have begun or ended: the easternmost time zone is
UTC+14. Announcements seldom name a zone."""
LEAST_OVERLAP_DAYS = 1
"""Days that an incident must reach into a ban's period before the ban can explain it: the ends of both are
known to a day at best."""
RECURRING_LONGEST_HOURS = 30
"""Length of one time of what recurs, at most: the cuts of examinations last some hours, and brackets of
sparse measuring widen them to a day."""
LEAST_SOURCES = 2
"""Sources with an address that a registered ban needs: a reader must be able to check one against another."""
EARLIEST_YEAR = 1990
"""First year in which a ban may begin: before it the Internet was public in no country."""
HEADER_WITHIN_LINES = 20
"""Lines of a foreign table in which its header is looked for. Publishers put a title and notes above it:
Access Now's table of 2020 has one line, spreadsheets of ministries some ten."""
OPERATOR_WORD_LETTERS = 3
"""Letters of the longest word by which an operator is known, at least: two letters are many things."""
OPERATOR_NETWORKS = 8
"""ASes of one name in a country, at most: more share a word, not an operator."""
