"""`banwatch serve`: the explorer on this machine."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve(
        store: Annotated[Path, typer.Option("--store", help="The database.")] = Path("banwatch.duckdb"),
        host: Annotated[
            str, typer.Option("--host", help="Address to listen on; by default only this machine reaches it.")
        ] = "127.0.0.1",
        port: Annotated[
            int | None, typer.Option("--port", help="Port; by default the first free one from 8080 on.")
        ] = None,
    ) -> None:
        """Show what was measured as web pages, until Ctrl-C."""
        from banwatch.collector import own
        from banwatch.explorer.serving import serve as run
        from banwatch.store import Store

        def announce(address: str) -> None:
            print(f"Banwatch is at {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)

        Store.open(store, read_only=True).close()  # nothing is made where there is nothing to show
        with own(store):
            run(store, host, port, announce=announce)
