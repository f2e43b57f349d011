"""The `banwatch` command: finds every command module and runs one command."""

import importlib
import pkgutil
import sys
from typing import Annotated

import typer

import banwatch.cli.commands
from banwatch import __version__
from banwatch.model.errors import BanwatchError


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"banwatch {__version__}")
        raise typer.Exit


def create_app() -> typer.Typer:
    """Assemble the application from every module in `commands`, in alphabetical order."""
    app = typer.Typer(
        name="banwatch",
        help="Measure and document Internet censorship: who cannot reach what, since when, by what means.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        del version

    for module in sorted(pkgutil.iter_modules(banwatch.cli.commands.__path__), key=lambda m: m.name):
        importlib.import_module(f"banwatch.cli.commands.{module.name}").register(app)
    return app


def main() -> None:
    """Run the command line; print an error that a person can mend as one message, and exit with 1."""
    try:
        create_app()()
    except BanwatchError as error:
        print(f"banwatch: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)  # the program that reads our output has ended


if __name__ == "__main__":
    main()
