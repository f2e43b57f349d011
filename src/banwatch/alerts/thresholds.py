"""Thresholds of alerts: each with its unit, its reason and the evidence for its value."""

from datetime import timedelta

GROWTH_SHARE = 0.1
"""Share of new targets, of those named before, at which an incident grew; with a new network it always did.

Reason: a list of 500 blocked sites gains one or two with every day of measuring, which is no news.
"""
FIRST_RETRY = timedelta(minutes=1)
"""Pause before a second attempt; it doubles with each further one. Reason: most failures are restarts."""
LONGEST_RETRY = timedelta(hours=1)
"""Longest pause between two attempts."""
MOST_ATTEMPTS = 30
"""Attempts at one message. With the pauses above they end after a day: later it is no news."""
MOST_IN_AN_HOUR = 60
"""Messages on one channel in an hour; further ones wait.

Reason: services such as Telegram block a sender at about 20 a minute, and nobody reads more than one.
"""
