"""Database engines behind one interface: DuckDB, ClickHouse, and the owner of a store.

- An *engine* (`engine.Engine`) creates tables, writes all or nothing, and executes queries.
- `duckdb` keeps a store in one file; `duckdb_schema`, `duckdb_tiers` and `duckdb_rejudge` hold the measured
  tiers there.
- `clickhouse` keeps the same tables on a server or a cluster; `clickhouse_schema` has the statements that
  create them, `clickhouse_http` the connection.
- `owner` reads a store that another process of this machine owns, through that process.
"""
