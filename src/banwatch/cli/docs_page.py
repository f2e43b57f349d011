"""Page of the docs with every command: `python -m banwatch.cli.docs_page > docs/cli.md`."""

from collections.abc import Iterator

from typer.core import TyperArgument, TyperOption
from typer.main import get_command

from banwatch.cli.main import create_app

_HEAD = """# The command line

This page is made from the commands themselves (`python -m banwatch.cli.docs_page > docs/cli.md`); a test
fails when it is behind. Data goes to stdout, progress and logs to stderr. Exit code 0: done; 1: the work
failed; 2: usage.
"""


def render_page() -> str:
    """Render the page in Markdown, commands in alphabetical order."""
    return _HEAD + "".join(_render_commands(get_command(create_app()), ("banwatch",)))


def _render_commands(command: object, path: tuple[str, ...]) -> Iterator[str]:
    for name, child in sorted(getattr(command, "commands", {}).items()):
        if child.hidden:
            continue
        here = (*path, name)
        if getattr(child, "commands", None):
            yield from _render_commands(child, here)
            continue
        yield f"\n## `{' '.join(here)}`\n\n{_plain(child.help or '')}\n"
        rows = [row for row in map(_render_parameter, child.params) if row]
        if rows:
            yield "\n| argument or option | what it does |\n|---|---|\n" + "\n".join(rows) + "\n"


def _render_parameter(parameter: TyperArgument | TyperOption) -> str | None:
    if parameter.name == "help" or getattr(parameter, "hidden", False):
        return None
    is_option = parameter.param_type_name == "option"
    names = (*parameter.opts, *parameter.secondary_opts) if is_option else ((parameter.name or "").upper(),)
    help_text = _plain(getattr(parameter, "help", "") or "").replace("\n", " ").replace("|", "\\|")
    return f"| {', '.join(f'`{name}`' for name in names)} | {help_text} |"


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace("\b", "").strip().splitlines())


if __name__ == "__main__":
    print(render_page(), end="")
