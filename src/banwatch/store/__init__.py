"""Tables of every tier, the archive of raw lines, and typed queries over both.

*store*: the tables of every tier, opened from a path. *table*: the rows of one noun of the model, its columns
derived from the noun's fields. *tier*: a table that can be rebuilt from the one below it. *archive*: the raw
lines, which cannot be rebuilt: compressed *segments* named by the hash of their bytes. *query*: a typed read
that returns the model's nouns. Ibis lives here and nowhere else.

`Archive` and `Store` are imported when they are asked for: who lays out columns needs no engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from banwatch.store.archive import Archive
    from banwatch.store.store import Store

__all__ = ["Archive", "Store"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{name.lower()}"), name)
