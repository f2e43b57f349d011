"""Laws of the house that no linter knows: sizes, docstrings, reasons, citations, thresholds, circles."""

import ast
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import not_yet
from tests.house.source_tree import ROOT, SOURCE, parse, python_files, room_of

MAX_FILE_LINES = 400
"""Past this length a file holds a second noun."""
MAX_FOLDER_MODULES = 15
"""Past this number a folder holds a second step."""

FLAT_LISTS = {
    "model": "one noun a module: a reader looks a noun up by its name",
    "probe/nettests": "one nettest a module",
    "cli/commands": "one command a module",
    "cli/views": "one thing that is shown a module",
}
"""Folders that are flat lists of one kind, with the reason; they may be longer."""

NO_SUBJECT = ("who", "what", "it", "one")
"""Words that do not name a thing, and so do not begin a docstring."""

_DOCUMENTS = re.compile(r"\b((?:[\w.-]+/)*[\w-]+\.md)\b")
_FOREIGN_DOCUMENTS = re.compile(r"\b(?:DESIGN|STYLE)\b(?!\s*=)(?:,? (?:law|section)|\s*§|\.md)")


def text_files(*folders: str) -> Iterator[Path]:
    """Give the files with code or prose of some folders of the repository."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".yaml", ".toml", ".j2"} and path.is_file():
                yield path


@pytest.mark.parametrize("folder", ["src", "tests", "bench"])
def test_no_file_is_too_long(folder: str) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in python_files(folder)
    }
    too_long = {name: count for name, count in lengths.items() if count > MAX_FILE_LINES}
    assert {name: count for name, count in too_long.items() if name not in not_yet.LONG_FILES} == {}


def test_no_folder_has_too_many_modules() -> None:
    counts: dict[str, int] = defaultdict(int)
    for path in python_files("src"):
        if path.name != "__init__.py":
            counts[str(path.parent.relative_to(SOURCE))] += 1
    allowed = set(FLAT_LISTS) | not_yet.FULL_FOLDERS
    assert {name: n for name, n in counts.items() if n > MAX_FOLDER_MODULES and name not in allowed} == {}
    assert set(FLAT_LISTS) <= set(counts), "a flat list that is no more is struck from the exceptions"


def test_a_docstring_begins_with_a_thing_or_an_act() -> None:
    wrong: dict[str, list[str]] = defaultdict(list)
    for path in python_files("src"):
        for node in ast.walk(parse(path)):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            text = ast.get_docstring(node) or ""
            first = re.match(r"\W*(\w+)", text)
            if first and first.group(1).lower() in NO_SUBJECT:
                line = getattr(node, "lineno", 1)
                wrong[room_of(path)].append(f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}")
    too_many = [lines for package, lines in wrong.items() if len(lines) > not_yet.DOCSTRINGS.get(package, 0)]
    assert not too_many, "\n".join(line for lines in too_many for line in lines)


def test_every_suppression_has_its_reason() -> None:
    wrong = []
    reason = re.compile(r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\])(?P<reason>.*)$")
    for path in python_files("src", "tests", "bench", "tools"):
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type != tokenize.COMMENT or not re.search(r"\bnoqa\b|type: ?ignore", token.string):
                    continue
                found = reason.search(token.string)
                if not found or len(found["reason"].strip(" #")) < 4:
                    wrong.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}")
    assert not wrong, "\n".join(wrong)


def test_every_document_that_is_cited_is_in_the_repository() -> None:
    ours = {path.name for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *SOURCE.rglob("*.md")]}
    for how_to in (ROOT / "docs/how-to").glob("*.md"):  # whoever follows one makes these
        ours |= {Path(name).name for name in re.findall(r"> (docs/\S+\.md)", how_to.read_text("utf-8"))}
    wrong = []
    for path in text_files("src", "bench", "docs"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            where = f"{path.relative_to(ROOT)}:{number}"
            if _FOREIGN_DOCUMENTS.search(line):
                wrong.append(f"{where}: {line.strip()}")
            if "://" in line:
                continue  # somebody else's document, cited by its address
            for name in _DOCUMENTS.findall(line):
                if Path(name).name not in ours:
                    wrong.append(f"{where}: {name} is not in the repository")
    assert not wrong, "\n".join(wrong)


def test_every_link_between_documents_leads_somewhere() -> None:
    wrong = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert not wrong, "\n".join(wrong)


NOT_THRESHOLDS = {
    "FIRST_ERROR_STATUS": "class of HTTP statuses (RFC 9110)",
    "_FIRST_ERROR": "class of HTTP statuses (RFC 9110)",
    "_SUCCESS": "class of HTTP statuses (RFC 9110)",
    "REDIRECTS": "class of HTTP statuses (RFC 9110)",
    "_PORTAL_STATUS": "one HTTP status (RFC 6585)",
    "_NO_CONTENT": "one HTTP status (RFC 9110)",
    "_REDIRECT": "class of HTTP statuses (RFC 9110)",
    "_SHOWN": "limit on output",
    "_VALID_FOR_NAME": "bit of a wire format",
    "_SEGMENTS_AT_ONCE": "limit on memory",
    "_KILO": "arithmetic",
    "_BITS": "arithmetic",
    "_HOURS_A_WEEK": "arithmetic",
    "_WEEK_HOURS": "arithmetic",
    "_DAY_S": "arithmetic",
    "_DAY": "arithmetic",
    "HOUR_S": "arithmetic",
    "STATES": "arithmetic: how many states the model has",
    "MAX_RULESET_BYTES": "limit on input",
    "MAX_BYTES": "limit on input",
    "MAX_DRAFTS": "limit on output",
    "_NAMES_IN_A_LIST": "limit on output",
    "_MAX_HOPS": "limit on input",
    "_MARKS_WITHIN_BYTES": "limit on reading",
    "_SMALL_TABLE": "size of a table of logarithms",
    "_SCREENED": "size of a batch: speed and memory, not the result",
    "_SMOOTHED": "size of a batch: speed and memory, not the result",
}
"""Numbers that decide nothing: an encoding's constants, limits on input, arithmetic; each with what it is."""


def numeric_constants(path: Path) -> Iterator[tuple[int, str]]:
    """Give the constants of a module that are plain numbers other than 0 and 1."""
    for node in parse(path).body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                if name.isupper() or name.lstrip("_").isupper():
                    numbers = [
                        leaf.value
                        for leaf in ast.walk(value)
                        if isinstance(leaf, ast.Constant) and type(leaf.value) in (int, float)
                    ]
                    is_arithmetic = all(
                        isinstance(leaf, ast.Constant | ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop)
                        for leaf in ast.walk(value)
                    )
                    if is_arithmetic and any(number not in (0, 1) for number in numbers):
                        yield node.lineno, name


@pytest.mark.parametrize("package", ["judge", "detect", "bans"])
def test_thresholds_stand_in_their_module(package: str) -> None:
    allowed = set(NOT_THRESHOLDS) | not_yet.THRESHOLDS[package]
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in python_files(f"src/banwatch/{package}")
        if path.name != "thresholds.py"
        for line, name in numeric_constants(path)
        if name not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def imported_modules(path: Path) -> Iterator[str]:
    """Give the modules of ours that a file imports when it is loaded; not those inside functions."""
    pending: list[ast.AST] = list(parse(path).body)
    while pending:
        node = pending.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case _:
                pending.extend(ast.iter_child_nodes(node))


def step_graph(package: str) -> dict[str, set[str]]:
    """Return which folders of a room import which; modules beside the folders count as steps of their own."""
    graph: dict[str, set[str]] = defaultdict(set)
    root = SOURCE / package
    for path in python_files(f"src/banwatch/{package}"):
        parts = path.relative_to(root).with_suffix("").parts
        if parts == ("__init__",):
            continue  # a package's door opens onto its steps, and they do not go through it
        for module in imported_modules(path):
            names = module.split(".")
            if names[:2] != ["banwatch", package] or len(names) < 3:
                continue
            step = names[2]
            if step != parts[0] and ((root / step).is_dir() or (root / f"{step}.py").is_file()):
                graph[parts[0]].add(step)
    return graph


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Return one circle of a graph, or an empty list."""
    finished: set[str] = set()

    def visit(step: str, way: list[str]) -> list[str]:
        if step in way:
            return [*way[way.index(step) :], step]
        if step in finished:
            return []
        for following in sorted(graph.get(step, ())):
            if circle := visit(following, [*way, step]):
                return circle
        finished.add(step)
        return []

    for step in sorted(graph):
        if circle := visit(step, []):
            return circle
    return []


PACKAGES = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())


@pytest.mark.parametrize("package", PACKAGES)
def test_the_steps_of_a_room_import_each_other_one_way(package: str) -> None:
    circle = circle_in(step_graph(package))
    assert not circle or package in not_yet.CIRCLES, " -> ".join(circle)


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}}) == []
