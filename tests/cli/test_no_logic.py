"""The command line holds no logic: a command reads its arguments, asks one room, and shows one view."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import banwatch.cli.commands

MODULES = sorted(Path(next(iter(banwatch.cli.commands.__path__))).glob("*.py"))
MAX_STATEMENTS = 10
"""Statements of a command, besides imports, its docstring and its options."""
MAX_BRANCHES = 3
"""Choices by an argument, such as `--json`, or which of four things `judge` does."""


def functions(module: Path) -> Iterator[ast.FunctionDef]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name != "register")


def nodes(function: ast.FunctionDef) -> list[ast.AST]:
    return [node for statement in function.body for node in ast.walk(statement)]


def count_statements(function: ast.FunctionDef) -> int:
    statements = [node for node in nodes(function) if isinstance(node, ast.stmt)]
    texts = [s for s in statements if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)]
    imports = [s for s in statements if isinstance(s, ast.Import | ast.ImportFrom)]
    return len(statements) - len(texts) - len(imports)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_command_neither_loops_nor_handles_errors(module: Path) -> None:
    banned = ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar
    found = [
        f"{function.name}: line {node.lineno}"
        for function in functions(module)
        for node in nodes(function)
        if isinstance(node, banned)
    ]
    assert found == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_command_is_short_and_chooses_by_its_arguments_alone(module: Path) -> None:
    for function in functions(module):
        branches = sum(isinstance(node, ast.If | ast.IfExp | ast.Match) for node in nodes(function))
        assert count_statements(function) <= MAX_STATEMENTS, function.name
        assert branches <= MAX_BRANCHES, function.name


def test_the_measure_sees_logic() -> None:
    source = "def command():\n    for x in y:\n        if x:\n            print(x)\n"
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert count_statements(function) == 3
    assert any(isinstance(node, ast.For) for node in nodes(function))
