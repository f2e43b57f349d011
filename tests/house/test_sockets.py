"""Sockets stand in `net` and in the lab alone, by whatever door of the standard library they are opened.

The import contract forbids `socket` and `http`; it cannot tell `urllib.request` from `urllib.parse`, nor the
doors of asyncio from its tasks.
"""

import ast

from tests.house.source_tree import ROOT, parse, python_files

DOORS = frozenset(
    {"urllib.request", "asyncio.open_connection", "asyncio.start_server", "asyncio.start_unix_server"}
)


def test_nobody_but_net_and_the_lab_opens_a_socket() -> None:
    wrong = []
    for path in python_files("src"):
        if path.is_relative_to(ROOT / "src/banwatch/net") or path.is_relative_to(ROOT / "src/banwatch/lab"):
            continue
        for node in ast.walk(parse(path)):
            match node:
                case ast.Import(names=names):
                    found = {alias.name for alias in names}
                case ast.ImportFrom(module=str(module), names=names):
                    found = {module, *(f"{module}.{alias.name}" for alias in names)}
                case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                    found = {f"{name}.{attribute}"}
                case _:
                    continue
            wrong += [f"{path.relative_to(ROOT)}:{node.lineno}: {door}" for door in found & DOORS]
    assert not wrong, "\n".join(wrong)
