"""The `banwatch` command: finds every command module and runs one command."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import banwatch.cli.commands
from banwatch import __version__
from banwatch.model.errors import BanwatchError, WireError


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"banwatch {__version__}")
        raise typer.Exit


class Commands(TyperGroup):
    """Commands of a group, also by the other name that people try: `list` for `ls`."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a name, or of the other name of it."""
        found = super().get_command(ctx, cmd_name)
        return found or super().get_command(ctx, _OTHER_NAMES.get(cmd_name, cmd_name))


_OTHER_NAMES = {"list": "ls", "ls": "list", "rm": "remove", "info": "show", "status": "show"}


def create_app() -> typer.Typer:
    """Assemble the application from every module in `commands`, in alphabetical order."""
    app = typer.Typer(
        name="banwatch",
        help="Measure and document Internet censorship: who cannot reach what, since when, by what means.",
        no_args_is_help=True,
        cls=Commands,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        version: Annotated[
            bool,
            typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Show the version."),
        ] = False,
    ) -> None:
        del version

    for module in sorted(pkgutil.iter_modules(banwatch.cli.commands.__path__), key=lambda m: m.name):
        importlib.import_module(f"banwatch.cli.commands.{module.name}").register(app)
    for group in _groups(app):
        group.info.cls = Commands

    @app.command("version", hidden=True)
    def version_() -> None:
        """Show the version."""
        _print_version(True)

    @app.command("help", hidden=True)
    def help_(names: Annotated[list[str] | None, typer.Argument(metavar="COMMAND")] = None) -> None:
        """Show the help of a command."""
        app([*(names or []), "--help"])

    return app


def _groups(app: typer.Typer) -> Iterator[typer.Typer]:
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield group.typer_instance
            yield from _groups(group.typer_instance)


def main() -> None:
    """Run the command line; print an error that a person can mend as one message, and exit with 1."""
    try:
        create_app()()
    except (BanwatchError, WireError) as error:
        print(f"banwatch: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)  # the program that reads our output has ended


if __name__ == "__main__":
    main()
