"""Bans: announced restrictions, and their comparison with the measurements.

A *ban* is one YAML file in `data/`: authority, targets, networks, period, and the *source chain* of the
announcement, each link citing the one before. A target can be *announced* by name or by its *category*. A
*comparison* holds one target on one network and access tier against the cells and changes: *enforced*,
*partly*, *not enforced* or *no data*, with its onset, mechanisms and number of measurements.
"""

from banwatch.bans.compare import compare
from banwatch.bans.register import load_bans, parse_ban, validate
from banwatch.bans.unannounced import unannounced

__all__ = ["compare", "load_bans", "parse_ban", "unannounced", "validate"]
