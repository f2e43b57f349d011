"""Mistake in the settings: its line, its key and what to do, found by types alone."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from banwatch.model.duration import DURATION_PATTERN

Path = tuple[str | int, ...]
"""Keys from the root of the file; a number is a place in a list of tables."""
_KINDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
_AT = re.compile(r" - at `\$.*`$")
_PATTERNS = {
    DURATION_PATTERN: 'a time such as "30s", "15m", "6h" or "7d"',
    r"^[A-Z]{2}$": 'two capital letters, such as "KP"',
    r"^AS[0-9]{1,10}$": 'an AS number, such as "AS131279"',
    r"^[a-z0-9][a-z0-9_-]{0,31}$": "up to 32 lower-case letters, digits, - and _",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Mistake in the settings."""

    where: str
    """`line 12`, or the name of a variable of the environment."""
    key: str
    """Key with its tables, such as `serve.port`; empty for the file as a whole."""
    what: str
    remedy: str

    def __str__(self) -> str:
        parts = [self.where, self.key, self.what]
        return ": ".join(part for part in parts if part) + (f". {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True)
class Found:
    """Mistake at a path, before its line is known."""

    path: Path
    what: str
    remedy: str


def key_of(path: Path) -> str:
    """Write a path as people say it: `alerts.rules[2].channels`, counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def nearest(name: str, names: Sequence[str]) -> str:
    """Say the nearest of some names; where none is near, all of them."""
    near = difflib.get_close_matches(name, names, 1)
    return f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(names)}"


def fields_of(table: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the types of a table's keys."""
    return get_type_hints(table, include_extras=True)


def inner_table(kind: Any) -> tuple[type[msgspec.Struct] | None, bool]:
    """Return the struct of a key that holds a table, or a list of tables, and whether it is a list."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is tuple and isinstance(get_args(kind)[0], type):
        item = get_args(kind)[0]
        return (item, True) if issubclass(item, msgspec.Struct) else (None, False)
    is_table = isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, msgspec.Struct)
    return (kind if is_table else None), False


def find_mistakes(values: Mapping[str, Any], table: type[msgspec.Struct], path: Path = ()) -> Iterator[Found]:
    """Find every key of a table that is unknown, missing or of the wrong kind."""
    kinds = fields_of(table)
    for name, value in values.items():
        here = (*path, name)
        if name not in kinds:
            yield Found(here, "no such setting", nearest(name, list(kinds)))
            continue
        inner, is_list = inner_table(kinds[name])
        if inner is not None and is_list:
            if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
                yield Found(here, "expected a list of tables", f"Write each as [[{key_of(here)}]]")
                continue
            for number, one in enumerate(value):
                yield from find_mistakes(one, inner, (*here, number))
        elif inner is not None:
            if not isinstance(value, dict):
                yield Found(here, "expected a table", f"Write [{key_of(here)}], and its keys below")
                continue
            yield from find_mistakes(value, inner, here)
        elif (wrong := _wrong_value(value, kinds[name])) is not None:
            yield Found(here, wrong, f"It is {value!r} now" if len(repr(value)) < 80 else "")
    for field in msgspec.structs.fields(table):
        if field.required and field.name not in values:
            yield Found(path, f"{field.name!r} is missing", f"Add a line {field.name} = ...")


def _wrong_value(value: Any, kind: Any) -> str | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _say_expected(kind, _AT.sub("", str(error)))
    return None


def _say_expected(kind: Any, text: str) -> str:
    for pattern, words in _PATTERNS.items():
        if repr(pattern)[1:-1] in text or pattern in text:
            return f"expected {words}"
    plain = [one for one in _plain_kinds(kind) if one in _KINDS]
    if plain and "got" in text:
        return f"expected {' or '.join(_KINDS[one] for one in plain)}"
    return text[:1].lower() + text[1:].replace("`", "'")


def _plain_kinds(kind: Any) -> Iterator[Any]:
    if get_origin(kind) is Annotated:
        yield from _plain_kinds(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for one in get_args(kind):
            yield from _plain_kinds(one)
    elif kind is not NoneType:
        yield kind


def line_of(text: str, path: Path) -> int:
    """Return the line on which a key of a valid TOML file stands; 1 where it has none.

    The parser is asked itself: the key stands behind the last beginning of the file that is valid without it.
    """
    lines = text.splitlines()
    before = 0
    for number in range(len(lines) + 1):
        try:
            parsed: Any = tomllib.loads("\n".join(lines[:number]) + "\n")
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value of several lines
        if _has(parsed, path):
            return before + 1
        before = number
    return 1


def _has(parsed: Any, path: Path) -> bool:
    for part in path:
        if isinstance(part, int):
            if not isinstance(parsed, list) or part >= len(parsed):
                return False
        elif not isinstance(parsed, dict) or part not in parsed:
            return False
        parsed = parsed[part]
    return True
