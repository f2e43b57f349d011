"""Version of a store: the shape of its tables, and the names that they had in 0.1.0."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from banwatch.model.errors import BanwatchError
from banwatch.store.bookkeeping import OWN_PROPERTIES, Property, PublishedIncident
from banwatch.store.engines.engine import Engine
from banwatch.store.tables import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    from banwatch.store.store import Store

NAMES_0_1 = {"published_incident": "told"}
"""Tables that had another name in 0.1.0, with that name; their columns are the same."""


def shape_of_tables() -> str:
    """Hash the names and columns of all tables."""
    text = "\n".join(f"{t.name} {t.layout.schema!r}" for t in TABLES.values())
    return hashlib.sha256(f"{SCHEMA_VERSION}\n{text}".encode()).hexdigest()[:16]


_LOGS = frozenset({"log", "delivery"})
"""Tables that no other can replace: what was published, and what was sent where."""
SHAPE = shape_of_tables()
"""Shape that this version writes; a store with any other was made by another version."""
SHAPE_0_1 = "db35e3bccfc929c6"
"""Shape that 0.1.0 wrote: those stores are upgraded when they are opened for writing."""


@dataclass(frozen=True, slots=True)
class OldTable:
    """Table of an earlier version that is opened for reading."""

    name: str
    """Name in the database; empty where there is no such table."""
    columns: frozenset[str]
    """Columns of this version that it has."""


def check_version(store: "Store", engine: Engine, *, renew: bool) -> dict[str, OldTable]:
    """Create the tables of an empty database, upgrade those of 0.1.0, and refuse any other shape.

    Args:
        store: being opened.
        engine: of its database.
        renew: replace the tables of another version by empty ones; the log stays.

    Returns:
        Tables in the database that differ from those of this version.

    Raises:
        BanwatchError: the database is not one of Banwatch's, or another version made it.
    """
    names = engine.table_names()
    if not names and not store.read_only:
        with store.transaction():
            for table in TABLES.values():
                engine.create(table)
            store.append("property", [Property(name="shape", value=SHAPE)])
        return {}
    if "property" not in names:
        raise BanwatchError(
            f"{store.location} is a database, but not one of Banwatch's", "Give another path with --store"
        )
    shape = next((p.value for p in store.rows(Property) if p.name == "shape"), None)
    if shape is None and not store.read_only and names >= set(TABLES):
        store.append("property", [Property(name="shape", value=SHAPE)])  # created by `store ddl`
    elif shape == SHAPE_0_1:
        return _upgrade_from_0_1(store, engine, names)
    elif shape != SHAPE:
        _renew(store, engine, names, renew=renew)
    return {}


def _upgrade_from_0_1(store: "Store", engine: Engine, names: set[str]) -> dict[str, OldTable]:
    """Rename tables and add columns; a store that is opened for reading stays as it is.

    Columns that 0.1.0 did not have get the value that says nothing, until the tiers are made again by
    `banwatch rebuild`. Incidents, their ids and the log stay.
    """
    old_names = {new: old for new, old in NAMES_0_1.items() if old in names}
    if store.read_only:
        return _old_tables(engine, names, old_names)
    with store.transaction():
        for new, old in old_names.items():
            engine.rename(old, new)
        present = (names - set(old_names.values())) | set(old_names)
        engine.fit([table for table in TABLES.values() if table.name in present])
        for table in TABLES.values():
            if table.name not in present:
                engine.create(table)
        store.replace("property", "name", [Property(name="shape", value=SHAPE)])
        store.refresh_rollups()
    return {}


def _old_tables(engine: Engine, names: set[str], old_names: Mapping[str, str]) -> dict[str, OldTable]:
    found = {}
    for table in TABLES.values():
        name = old_names.get(table.name, table.name)
        columns = frozenset(engine.column_names(name)) if name in names else frozenset()
        if name != table.name or not columns >= set(table.layout.column_names):
            found[table.name] = OldTable(name if name in names else "", columns)
    return found


def _renew(store: "Store", engine: Engine, names: set[str], *, renew: bool) -> None:
    if not renew or store.read_only:
        raise BanwatchError(
            f"{store.location} was made by another version of Banwatch",
            f"Run `banwatch rebuild --store {store.location}`: it makes every table again from the archive",
        )
    kept = [p for p in store.rows(Property) if p.name not in OWN_PROPERTIES]
    published = store.rows(PublishedIncident) if "published_incident" in names else []
    with store.transaction():
        for name in sorted(names - _LOGS):
            engine.drop(name)
        for table in TABLES.values():
            if table.name not in names & _LOGS:
                engine.create(table)
        store.append("property", [*kept, Property(name="shape", value=SHAPE)])
        store.append("published_incident", published)  # ids are for life
