"""Blocking: the moments at which a series moved from open to blocked and back.

- *Emissions* are the likelihoods of an hour's votes where the target is open, and where it is blocked.
- The *baseline* is the share of failures that a series has while nothing is blocked.
- *Stretches* are runs of hours in one state, found by a hidden Markov model.
- A *change* is the passage from one stretch to the next, with its onset interval and confidence.
"""
