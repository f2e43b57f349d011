"""Votes: each voice's result for a target on a network, hour by hour.

- A *voice* is one probe, or one report where a table names no probes.
- A *vote* is the sum of one voice's measurements of one hour: it accuses, absolves, or is divided.
- Votes and measurements are *informative* if they accuse or absolve; the others do neither.
- A *series* is the votes of one target on one network and tier, in order of time.
"""
