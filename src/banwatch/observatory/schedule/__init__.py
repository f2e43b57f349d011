"""Scheduled work of an observatory, each task with a thread, a state and a next time.

*task*: work with an interval. *state*: when it ran, when it is due, and how it failed. *works*: what the
tasks do. Tasks that write to the store take the owner's turn; one that fails is tried again
later and stops no other.
"""
