"""Version of a store: the shape of its tables, and the names that they had in 0.1.0."""

import hashlib
from collections.abc import Mapping

from banwatch.store.tables import SCHEMA_VERSION, TABLES

NAMES_0_1 = {"published_incident": "told"}
"""Tables that had another name in 0.1.0, with that name; their columns are the same."""


def shape_of_tables(names: Mapping[str, str]) -> str:
    """Hash the names and columns of all tables, with some tables under other names."""
    text = "\n".join(f"{names.get(t.name, t.name)} {t.layout.schema!r}" for t in TABLES.values())
    return hashlib.sha256(f"{SCHEMA_VERSION}\n{text}".encode()).hexdigest()[:16]


SHAPE = shape_of_tables({})
"""Shape that this version writes; a store with any other was made by another version."""
SHAPE_0_1 = shape_of_tables(NAMES_0_1)
"""Shape that 0.1.0 wrote: those stores are upgraded when they are opened for writing."""
