"""The source tree as values: files, their syntax, and the names that they define."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/banwatch"


@dataclass(frozen=True, slots=True)
class DefinedName:
    """One name that a file defines."""

    text: str
    file: str
    """Path under the root of the repository."""
    line: int
    is_type: bool
    """Whether a class or a module bears the name."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def python_files(*folders: str) -> list[Path]:
    """List the Python files of some folders of the repository, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def parse(path: Path) -> ast.Module:
    """Parse a file, once a session."""
    return ast.parse(path.read_text("utf-8"), str(path))


def room_of(path: Path) -> str:
    """Return the room that a file belongs to: the first folder under `src/banwatch`, `tests` or `bench`."""
    parts = path.relative_to(ROOT).parts
    below = parts[2:] if parts[0] == "src" else parts[1:]
    if parts[0] == "bench":
        return "bench"
    return below[0] if len(below) > 1 else parts[0]


def defined_names(path: Path) -> Iterator[DefinedName]:
    """Give every name that a file defines; names of test functions, which are sentences, are left out."""
    file = str(path.relative_to(ROOT))
    module = path.parent.name if path.name == "__init__.py" else path.stem
    yield DefinedName(module, file, 1, is_type=True)
    for node in ast.walk(parse(path)):
        match node:
            case ast.ClassDef(name=name):
                yield DefinedName(name, file, node.lineno, is_type=True)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if not name.startswith("test_"):
                    yield DefinedName(name, file, node.lineno, is_type=False)
            case ast.arg(arg=name):
                yield DefinedName(name, file, node.lineno, is_type=False)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield DefinedName(name, file, node.lineno, is_type=False)
            case ast.alias(asname=str(name)):
                yield DefinedName(name, file, getattr(node, "lineno", 1), is_type=False)


def name_parts(name: str) -> list[str]:
    """Split a name at underscores and capitals, in lower case: `_TorPlace` gives `tor`, `place`."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [part for part in separated.lower().split("_") if part]
