"""Counts over verdicts and observations for reading APIs.

*flagged*: verdicts with the flags of OONI's API. *layers*: by layer and by step. *overview*: totals.
"""
