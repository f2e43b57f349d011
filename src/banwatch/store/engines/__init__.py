"""Database engines: what a store asks of one, and the two that can do it.

- An *engine* (`engine.Engine`) opens tables, writes all or nothing, and carries out Ibis expressions.
- `duckdb` keeps a store in one file; `duckdb_layout` says how the measured tiers lie in it.
- `clickhouse` keeps the same tables on a server or a cluster.
- `owner` reads a store that another process of this machine owns, through that process.
"""
