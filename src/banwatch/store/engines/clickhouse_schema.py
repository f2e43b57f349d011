"""Statements that create the tables of a store on ClickHouse: MergeTrees, on one server or a cluster."""

import re

from ibis.backends.sql.datatypes import ClickHouseType

from banwatch.model.errors import BanwatchError
from banwatch.store.tables import TABLES, TableDef

_PARTITIONS = {
    "measurement": "toYYYYMM(measurement_start_time)",
    "evidence": "toYYYYMM(measurement_start_time)",
    "verdict": "toYYYYMM(measurement_start_time)",
    "cell": "toYYYYMM(hour)",
    "daily_cell": "toYYYYMM(day)",
}
_ORDERS = {
    "measurement": ("probe_cc", "test_name", "measurement_start_time", "measurement_uid"),
    "evidence": ("probe_cc", "target", "probe_asn", "measurement_start_time", "measurement_uid"),
    "verdict": ("probe_cc", "target", "probe_asn", "measurement_start_time", "measurement_uid"),
    "cell": ("probe_cc", "target", "probe_asn", "access_tier", "hour"),
    "daily_cell": ("probe_cc", "target", "probe_asn", "access_tier", "day"),
    "target_month": ("probe_cc", "target", "month"),
    "entry": ("measurement_uid", "copy", "segment", "position"),
    "segment": ("segment",),
}
"""Sort keys for the usual queries: a country, then a target or nettest, then a time, then the table's key."""


def _columns_of(table: TableDef) -> str:
    columns = [f'"{name}" {ClickHouseType.to_string(dtype)}' for name, dtype in table.layout.schema.items()]
    if "measurement_uid" in table.layout.column_names and _order_of(table)[0] != "measurement_uid":
        columns.append("INDEX by_uid measurement_uid TYPE bloom_filter(0.001) GRANULARITY 1")
    return ", ".join(columns)


def _order_of(table: TableDef) -> tuple[str, ...]:
    order = _ORDERS.get(table.name, table.key)
    return (*order, *(name for name in table.key if name not in order))


def ddl_of(table: TableDef) -> str:
    """Write the statement that creates a table on one server."""
    return _create(table, table.name, "", "ReplacingMergeTree")


def _create(table: TableDef, name: str, cluster: str, engine: str) -> str:
    partition = f" PARTITION BY {_PARTITIONS[table.name]}" if table.name in _PARTITIONS else ""
    order = ", ".join(f'"{column}"' for column in _order_of(table))
    return (
        f'CREATE TABLE IF NOT EXISTS "{name}"{cluster} ({_columns_of(table)}) '
        f"ENGINE = {engine}{partition} ORDER BY ({order})"
    )


def server_ddl(database: str = "banwatch") -> list[str]:
    """Write the statements that create every table on one server."""
    _check_names(database)
    tables = [
        ddl_of(table).replace(f'"{table.name}"', f'{database}."{table.name}"', 1) for table in TABLES.values()
    ]
    return [f"CREATE DATABASE IF NOT EXISTS {database}", *tables]


def _check_names(*names: str) -> None:
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
            raise BanwatchError(f"{name!r} is no name for a cluster or database", "Use letters, digits and _")


def cluster_ddl(cluster: str, database: str = "banwatch") -> list[str]:
    """Write the statements that create every table on a cluster, from replicated parts.

    Rows of one measurement lie on one shard, by the hash of its id, so that joins stay local.

    Raises:
        BanwatchError: a name needs quoting.
    """
    _check_names(cluster, database)
    on = f" ON CLUSTER {cluster}"
    statements = [f"CREATE DATABASE IF NOT EXISTS {database}{on}"]
    for table in TABLES.values():
        part = f"{table.name}_part"
        engine = (
            f"ReplicatedReplacingMergeTree('/clickhouse/tables/{{shard}}/{database}/{part}', '{{replica}}')"
        )
        made = _create(table, part, on, engine).replace(f'"{part}"', f'{database}."{part}"', 1)
        key = "measurement_uid" if "measurement_uid" in table.layout.column_names else table.key[0]
        statements.append(made)
        statements.append(
            f'CREATE TABLE IF NOT EXISTS {database}."{table.name}"{on} AS {database}."{part}" '
            f'ENGINE = Distributed({cluster}, {database}, "{part}", cityHash64("{key}"))'
        )
    return statements
