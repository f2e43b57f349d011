"""JSON for machines: one object a line, or one document that people can read too."""

import json
import sys
from collections.abc import Iterable

import msgspec


def render_json(value: object) -> str:
    """Render a value on one line; times are in RFC 3339."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def print_json(value: object) -> None:
    """Print one object."""
    print(render_json(value), flush=True)


def print_json_lines(values: Iterable[object]) -> None:
    """Print objects as they come."""
    sys.stdout.writelines(f"{render_json(value)}\n" for value in values)


def print_pretty_json(value: object) -> None:
    """Print one document, indented."""
    print(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))
