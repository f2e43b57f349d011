"""Settings from a file and the environment."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.observatory.settings.check import find_contradictions
from banwatch.observatory.settings.problem import (
    Found,
    Problem,
    fields_of,
    find_mistakes,
    inner_table,
    key_of,
    line_of,
    nearest,
)
from banwatch.observatory.settings.problem import Path as KeyPath
from banwatch.observatory.settings.tables import Settings

MAX_FILE_BYTES = 256 << 10
"""Longest settings file."""
PREFIX = "BANWATCH_"
_OTHERS = frozenset(
    f"{PREFIX}{name}" for name in ("CONFIG", "REFERENCE", "MEMORY", "SPOOL", "OWN_ADDRESS", "HELPER")
)
"""Variables that mean something else than a setting."""
_AT_LINE = re.compile(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class SettingsRead:
    """Settings, or every reason why there are none."""

    settings: Settings
    """The defaults where there are problems."""
    problems: tuple[Problem, ...]


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file (the defaults where None), overridden by the environment.

    Raises:
        BanwatchError: there is a mistake in them; `banwatch config check` lists all.
    """
    found = read_settings(path, environ)
    if found.problems:
        more = len(found.problems) - 1
        first = f"{path}: {found.problems[0]}" if path else str(found.problems[0])
        raise BanwatchError(
            first, f"{more} more: see `banwatch config check`" if more else "See docs/settings.md"
        )
    return found.settings


def read_settings(path: Path | None, environ: Mapping[str, str]) -> SettingsRead:
    """Read a file and the environment, and find every mistake in them.

    Raises:
        BanwatchError: the file cannot be read.
    """
    text = _read_text(path) if path else ""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return SettingsRead(Settings(), (_syntax_problem(str(error), text),))
    variables = _variables()
    names: dict[KeyPath, str] = {}
    mistakes: list[Problem] = []
    for name, value in sorted(environ.items()):
        key = variables.get(name)
        if key is None:
            if problem := _unknown_variable(name, variables):
                mistakes.append(problem)
            continue
        names[key] = name
        if not _put(values, key, _parse_variable(value, key)):
            mistakes.append(
                Problem(
                    where=f"variable {name}",
                    key=key_of(key),
                    what="expected a table above it",
                    remedy="Mend the file first",
                )
            )

    def place(found: Found) -> Problem:
        name = names.get(found.path)
        where = f"variable {name}" if name else f"line {line_of(text, found.path)}"
        return Problem(where=where, key=key_of(found.path), what=found.what, remedy=found.remedy)

    mistakes += [place(found) for found in find_mistakes(values, Settings)]
    if mistakes:
        return SettingsRead(Settings(), tuple(mistakes))
    settings = msgspec.convert(values, Settings)
    return SettingsRead(settings, tuple(place(found) for found in find_contradictions(settings)))


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BanwatchError(
            f"the settings {path} cannot be read: {error.strerror or error}", "Name the file with --config"
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise BanwatchError(f"the settings {path} have more than {MAX_FILE_BYTES} bytes", "Name another file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BanwatchError(
            f"the settings {path} are not UTF-8 on line {line}", "Save them as UTF-8"
        ) from error


def _syntax_problem(said: str, text: str) -> Problem:
    match = _AT_LINE.match(said)
    what, line = (match[1], match[2]) if match else (said, None)
    return Problem(
        where=f"line {line or max(text.count(chr(10)), 1)}",
        key="",
        what=f"no TOML: {what}",
        remedy='Texts stand in "quotes", tables in [brackets]',
    )


def _variables() -> dict[str, KeyPath]:
    """Return the variables of the environment that override a setting, each with its key."""
    return {PREFIX + "_".join(map(str, path)).upper(): path for path in _leaves(Settings, ())}


def variable_of(path: KeyPath) -> str:
    """Return the variable that overrides a setting; empty where none does."""
    return next((name for name, key in _variables().items() if key == path), "")


def _leaves(table: type[msgspec.Struct], path: KeyPath) -> Iterator[KeyPath]:
    for name, kind in fields_of(table).items():
        inner, is_list = inner_table(kind)
        if inner is None:
            yield (*path, name)
        elif not is_list:
            yield from _leaves(inner, (*path, name))


def _unknown_variable(name: str, variables: Mapping[str, KeyPath]) -> Problem | None:
    """Report a variable that looks like a setting and is none; others mean something else, or nothing."""
    tables = tuple(
        f"{PREFIX}{table.upper()}_" for table, kind in fields_of(Settings).items() if inner_table(kind)[0]
    )
    if not name.startswith(tables) or name in _OTHERS:
        return None
    return Problem(
        where=f"variable {name}",
        key="",
        what="no setting has this name",
        remedy=nearest(name, sorted(variables)),
    )


def _parse_variable(text: str, key: KeyPath) -> Any:
    """Parse the value of a variable: a list may be written with commas, a text without quotes."""
    kind: Any = Settings
    for part in key:
        kind = fields_of(inner_table(kind)[0] or Settings)[str(part)]
    if "tuple" in repr(kind) and not text.lstrip().startswith("["):
        return [one.strip() for one in text.split(",") if one.strip()]
    try:
        value = tomllib.loads(f"value = {text}\n")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return text if isinstance(value, str) or (not _takes(kind, value) and _takes(kind, text)) else value


def _takes(kind: Any, value: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _put(values: dict[str, Any], path: KeyPath, value: Any) -> bool:
    for part in path[:-1]:
        values = values.setdefault(str(part), {})
        if not isinstance(values, dict):
            return False
    values[str(path[-1])] = value
    return True
