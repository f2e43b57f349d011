"""Reference data in snapshots, each with an id, a date and a source.

*snapshot*: one imported or shipped table. *fingerprint*: a known block page or forged answer. *network*: the
AS and country of an address. `load` gives one consistent set of snapshots, as `model.reference.Reference`.
"""

from banwatch.reference.loading import load

__all__ = ["load"]
