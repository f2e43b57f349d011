"""Page of the docs with every setting.

`python -m banwatch.observatory.settings.docs_page > docs/settings.md` writes it.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec

from banwatch.observatory.settings.problem import Path, fields_of, inner_table
from banwatch.observatory.settings.read import variable_of
from banwatch.observatory.settings.tables import Settings

_HEAD = """# Settings

This page is made from the settings themselves
(`python -m banwatch.observatory.settings.docs_page > docs/settings.md`); a test fails when it is behind.

`banwatch serve --config FILE` reads one TOML file, also named by the variable `BANWATCH_CONFIG`. A variable
of the environment overrides its key (lists are written with commas), and an option of the command overrides
both. `banwatch config check FILE` names each mistake with its line, key and remedy; `banwatch config show`
prints what is in force, without secrets. An unknown key is an error, never passed over. Durations are
written `30s`, `15m`, `6h`, `7d`.
"""


def field_docs(table: type[msgspec.Struct]) -> dict[str, str]:
    """Return the text under each field of a struct, read from its source."""
    tree = ast.parse(inspect.getsource(sys.modules[table.__module__]))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == table.__name__)
    found = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    found[field.target.id] = " ".join(text.split())
    return found


def render_page() -> str:
    """Render the page in Markdown, tables in the order of the file."""
    return _HEAD + "".join(_render_table(Settings, (), ""))


def _render_table(table: type[msgspec.Struct], path: Path, heading: str) -> Iterator[str]:
    if heading:
        yield f"\n## `{heading}`\n\n{(inspect.getdoc(table) or '').strip()}\n"
    docs, kinds = field_docs(table), fields_of(table)
    rows, below = [], []
    for field in msgspec.structs.fields(table):
        inner, is_list = inner_table(kinds[field.name])
        here = (*path, field.name)
        if inner is not None:
            name = ".".join(map(str, here))
            below.append((inner, here, f"[[{name}]]" if is_list else f"[{name}]"))
            continue
        default = "needed" if field.required else f"`{_toml(field.default)}`"
        variable = "" if "[[" in heading else variable_of(here)
        cells = [
            f"`{field.name}`",
            default if default != "``" else "none",
            docs[field.name],
            f"`{variable}`" if variable else "",
        ]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    if rows:
        yield "\n| key | default | what it is | variable |\n|---|---|---|---|\n" + "".join(rows)
    for inner, here, name in below:
        yield from _render_table(inner, here, name)


def _toml(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value)


if __name__ == "__main__":
    print(render_page(), end="")
