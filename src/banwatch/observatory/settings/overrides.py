"""Options of a command, laid over the settings; and settings as TOML, without secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from banwatch.model.errors import BanwatchError
from banwatch.observatory.settings.check import find_contradictions
from banwatch.observatory.settings.problem import find_mistakes, key_of
from banwatch.observatory.settings.tables import Settings

_SECRET = frozenset({"address", "secret", "webhook"})
"""Keys whose values give access: addresses of channels hold tokens."""


def override(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """Lay the options that were given over settings.

    Args:
        settings: of the file and the environment.
        options: values by key, such as `serve.port`; None and an empty list mean not given.

    Raises:
        BanwatchError: a value is none that the setting can have.
    """
    values = _as_tables(settings)
    for key, value in options.items():
        if value is None or value == []:
            continue
        *tables, name = key.split(".")
        table = values
        for part in tables:
            table = table[part]
        table[name] = value
    for found in find_mistakes(values, Settings):
        raise BanwatchError(f"{key_of(found.path)}: {found.what}", found.remedy)
    changed: Settings = msgspec.convert(values, Settings)
    if changed != settings:
        for found in find_contradictions(changed):
            raise BanwatchError(f"{key_of(found.path)}: {found.what}", found.remedy)
    return changed


def _as_tables(settings: Settings) -> dict[str, Any]:
    """Return settings as TOML's values: tables, lists, texts and numbers."""
    tables: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))
    return tables


def render_toml(settings: Settings) -> str:
    """Write settings as a TOML file with every key; values that give access are left out."""
    return "\n".join(_lines(_as_tables(settings), "")) + "\n"


def _lines(table: Mapping[str, Any], path: str) -> Iterator[str]:
    below = []
    for name, value in table.items():
        is_list = isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        if isinstance(value, dict) or is_list:
            below.append((f"{path}.{name}".lstrip("."), value))
        elif value is None or (value == [] and name in ("channels", "rules") and path == "alerts"):
            continue
        elif name in _SECRET and value:
            yield f'{name} = "(not shown)"'
        else:
            yield f"{name} = {_literal(value)}"
    for name, value in below:
        for one in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            yield from _lines(one, name)


def _literal(value: Any) -> str:
    return msgspec.json.encode(value).decode()  # JSON's texts, numbers and lists are TOML's
