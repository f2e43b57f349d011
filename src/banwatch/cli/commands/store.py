"""`banwatch store`: the tables of a store."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    store = typer.Typer(help="The tables of a store.", no_args_is_help=True)
    store.command("ddl")(_ddl)
    store.command("show")(_show)
    store.command("doctor")(_doctor)
    app.add_typer(store, name="store")


def _ddl(
    cluster: Annotated[
        str, typer.Option(help="Name of the cluster; without it, tables for one server.")
    ] = "",
    database: Annotated[str, typer.Option(help="Name of the database.")] = "banwatch",
) -> None:
    """Print the statements that make the tables on ClickHouse."""
    from banwatch.store.engines.clickhouse_schema import cluster_ddl, server_ddl

    statements = cluster_ddl(cluster, database) if cluster else server_ddl(database)
    print("\n".join(f"{statement};" for statement in statements))


def _show(
    store: StoreOption = DEFAULT_STORE,
    digests: Annotated[
        bool, typer.Option(help="Print a digest of each tier, to compare two stores.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how many rows each table has."""
    from banwatch.cli.views.store_work import show_counts
    from banwatch.pipeline.reading.read_store import count_rows, digest_tiers

    show_counts(count_rows(store), digest_tiers(store) if digests else {}, as_json=as_json)


def _doctor(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Say how big a store is, how fast it answers, and what to do."""
    from banwatch.cli.views.store_work import show_diagnosis
    from banwatch.pipeline.reading.doctor import diagnose

    show_diagnosis(diagnose(store), as_json=as_json)
