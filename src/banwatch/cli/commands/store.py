"""`banwatch store`: what the tables are."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    store = typer.Typer(help="The tables of a store.", no_args_is_help=True)

    @store.command()
    def ddl(
        cluster: Annotated[
            str, typer.Option(help="Name of the cluster; without it, tables for one server.")
        ] = "",
        database: Annotated[str, typer.Option(help="Name of the database.")] = "banwatch",
    ) -> None:
        """Print the statements that make the tables on ClickHouse."""
        from banwatch.store.engines.clickhouse import cluster_ddl, server_ddl

        for statement in cluster_ddl(cluster, database) if cluster else server_ddl(database):
            print(f"{statement};")

    @store.command()
    def show(
        path: Annotated[str, typer.Option("--store", help="The database.", envvar="BANWATCH_STORE")] = (
            "banwatch.duckdb"
        ),
        digests: Annotated[bool, typer.Option(help="A digest of each tier, to compare two stores.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    ) -> None:
        """Show how many rows each table has."""
        import msgspec

        from banwatch.store import Store, queries
        from banwatch.store.tables import TABLES

        with Store.open(path, read_only=True) as opened:
            counts = queries.counts(opened)
            hashes = {
                t.name: opened.digest(t.name) for t in TABLES.values() if t.tier is not None and digests
            }
        if as_json:
            print(msgspec.json.encode({"rows": counts, "digests": hashes}).decode())
            return
        for name, count in counts.items():
            print(f"{name:18} {count:>14,} {hashes.get(name, '')}".rstrip())

    app.add_typer(store, name="store")
