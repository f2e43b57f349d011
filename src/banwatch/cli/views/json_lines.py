"""JSON for machines: one object a line, or one document that people can read too."""

import json
import sys
from collections.abc import Iterable
from typing import Any

import msgspec


def render_json(value: object) -> str:
    """Render a value on one line; times are in RFC 3339."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def to_plain(value: object) -> Any:
    """Return a value as dictionaries, lists, strings and numbers."""
    return msgspec.to_builtins(value)


def print_json(value: object) -> None:
    """Print one object."""
    print(render_json(value), flush=True)


def print_json_lines(values: Iterable[object]) -> None:
    """Print objects as they come."""
    sys.stdout.writelines(f"{render_json(value)}\n" for value in values)


def print_pretty_json(value: object) -> None:
    """Print one document, indented."""
    print(json.dumps(to_plain(value), ensure_ascii=False, indent=2))
