"""Announced bans, and how they compare with what was measured.

A *ban* is one YAML file in `data/`: who announced what, for whom, from when, and the *source chain* that says
so, each link citing the one before. A target can be *announced* by name or by its *category*. A *comparison*
holds one target on one network and access tier against the cells and changes: *enforced*, *partly*, *not
enforced* or *no data*, since when, by what means, and on how many measurements that rests.
"""

from banwatch.bans.compare import compare
from banwatch.bans.register import load_bans, parse_ban, validate
from banwatch.bans.unannounced import unannounced

__all__ = ["compare", "load_bans", "parse_ban", "unannounced", "validate"]
