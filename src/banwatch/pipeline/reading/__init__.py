"""Answers from a store or a table of verdicts; nothing is written but a moderator's decisions.

*explain*: the facts and rules that one verdict rests on. *preview*: verdicts that other rules would give.
*filter*: the values that verdicts must have.
"""
