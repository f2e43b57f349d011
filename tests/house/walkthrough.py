"""Documents that can be followed: their fenced blocks make files, change files and run commands.

- A block `python file=PATH` (any language) writes a new file; `append=PATH` adds to the end of one.
- A block `diff` names its file on a line `--- PATH`; its context must be found exactly once.
- A block `console` runs each `$ command`. The lines below it must come in its output, in their order; `...`
  stands for any text. A block `console lab` is run where the machine allows a lab.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.source_tree import ROOT

_BLOCK = re.compile(r"^```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND_TIMEOUT_S = 240
"""Some twenty times what the longest command takes on a machine with nothing else to do."""
COPIED = (
    "src",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a document."""

    language: str
    options: str
    body: str
    line: int


def read_blocks(document: Path) -> Iterator[Block]:
    """Give the fenced blocks of a document that have a language, in order."""
    text = document.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found["language"], found["options"].strip(), found["body"], line)


def copy_tree(to: Path) -> Path:
    """Copy the repository's tree, without what tools leave in it."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "*.pcap"))
        else:
            shutil.copy(source, to / name)
    return to


def make_programs(folder: Path, source: Path) -> dict[str, str]:
    """Put `python` and `banwatch`, both for one source tree, into `.venv/bin`; return their environment."""
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    start = "from banwatch.cli.main import main; main()"
    for name, arguments in {"python": "", "banwatch": f" -c '{start}'"}.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": f"{source}:{folder}",
        "COLUMNS": "110",
        "NO_COLOR": "1",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "PYTEST_ADDOPTS": "-p no:cacheprovider -n 0",
    }


def follow(document: Path, folder: Path, environment: dict[str, str], *, leave_out: frozenset[str]) -> int:
    """Follow a document's blocks in a folder; return how many commands were run.

    Raises:
        AssertionError: a block cannot be followed, or shows something else than what comes.
    """
    commands = 0
    for block in read_blocks(document):
        where = f"{document.relative_to(ROOT)}:{block.line}"
        verb, _, path = block.options.partition("=")
        match block.language, verb:
            case "console", _:
                if not leave_out & set(block.options.split()):
                    commands += _run_commands(block, folder, environment, where)
            case "diff", _:
                _change_file(block, folder, where)
            case _, "file":
                assert not (folder / path).exists(), f"{where}: {path} exists already"
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(block.body, encoding="utf-8")
            case _, "append":
                with (folder / path).open("a", encoding="utf-8") as file:
                    file.write("\n" + block.body)
    return commands


def _change_file(block: Block, folder: Path, where: str) -> None:
    header, _, body = block.body.partition("\n")
    path = folder / header.removeprefix("--- ")
    text = path.read_text("utf-8")
    for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE):
        lines = hunk.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        if before or after:
            assert text.count(before) == 1, (
                f"{where}: found {text.count(before)} times in {path.name}:\n{before}"
            )
            text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def _run_commands(block: Block, folder: Path, environment: dict[str, str], where: str) -> int:
    commands = re.split(r"^\$ ", block.body.replace("\\\n", ""), flags=re.MULTILINE)[1:]
    for command_and_output in commands:
        command, _, shown = command_and_output.partition("\n")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        came = done.stdout + done.stderr
        assert done.returncode == 0, f"{where}: `{command}` ended with {done.returncode}:\n{came}"
        _compare(shown, came, f"{where}: `{command}`")
    return len(commands)


def _compare(shown: str, came: str, where: str) -> None:
    """Find every shown line in what came, in order."""
    rest = [_squeezed(line) for line in came.splitlines()]
    for line in shown.splitlines():
        if not line.strip(" ."):
            continue
        wanted = re.compile(".*".join(re.escape(_squeezed(part)) for part in line.split("...")))
        at = next((n for n, candidate in enumerate(rest) if wanted.search(candidate)), None)
        assert at is not None, f"{where} shows\n    {line}\nand this came:\n{came}"
        rest = rest[at + 1 :]


def _squeezed(text: str) -> str:
    """Write a line with single spaces: columns are as wide as their content."""
    return " ".join(text.split())
