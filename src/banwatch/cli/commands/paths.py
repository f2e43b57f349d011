"""`banwatch paths`: everything that Banwatch writes on this machine."""

import os

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("paths")(_paths)


def _paths(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """List everything that Banwatch writes here, with sizes; docs/uninstall.md says how to remove it.

    Example: banwatch paths --store banwatch.duckdb
    """
    from banwatch.cli.views.paths import show_paths
    from banwatch.observatory.written_paths import written_paths

    show_paths(written_paths(store, os.environ), as_json=as_json)
