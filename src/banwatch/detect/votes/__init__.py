"""From cells to votes: what each voice said of a target on a network, hour by hour.

- A *voice* is one probe, or one report where a table names no probes.
- A *vote* is what one voice's measurements of one hour come to: for blocking, against it, or neither.
- A *series* is the votes of one target on one network and tier, in order of time.
"""
