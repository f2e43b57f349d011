"""Fit a decoded JSON value to a struct, dropping what does not fit."""

import functools
import math
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

MAX_ITEMS = 20_000
"""Longest list or map kept; the longest in OONI's archive, network events, stay below 10,000."""

_MISFIT: Final = object()
_INT_LIMIT = 2**63

T = TypeVar("T")


def fit(value: object, kind: type[T]) -> T:
    """Build a `kind` from a JSON value; a field whose value does not fit keeps its default.

    Raises:
        RecursionError: nested deeper than Python's stack.
        ValueError: the value as a whole is nothing like `kind`.
    """
    fitted = _fit(value, _type_of(kind))  # type: ignore[arg-type]  # a class is hashable, whatever its type parameter
    if fitted is _MISFIT:
        raise ValueError("not an object")
    return fitted  # type: ignore[no-any-return]  # `_fit` builds what the type says


@functools.cache
def _type_of(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _fit(value: Any, kind: inspect.Type) -> Any:
    match kind:
        case inspect.StructType():
            return _fit_struct(value, kind) if isinstance(value, dict) else _MISFIT
        case inspect.ListType():
            return _fit_list(value, kind.item_type) if isinstance(value, list) else _MISFIT
        case inspect.TupleType():
            return _fit_tuple(value, kind)
        case inspect.DictType():
            return _fit_dict(value, kind.value_type) if isinstance(value, dict) else _MISFIT
        case inspect.UnionType():
            return _fit_union(value, kind)
        case inspect.RawType():
            return msgspec.Raw(msgspec.json.encode(_clean(value)))
        case _:
            return _fit_scalar(value, kind)


def _fit_scalar(value: Any, kind: inspect.Type) -> Any:
    if isinstance(value, bool):
        return value if isinstance(kind, inspect.BoolType) else _MISFIT
    match kind:
        case inspect.NoneType():
            return None if value is None else _MISFIT
        case inspect.StrType():
            if isinstance(value, str):
                return _clean_text(value)
            return str(value) if isinstance(value, int | float) else _MISFIT
        case inspect.IntType():
            return _fit_int(value)
        case inspect.FloatType():
            return _fit_float(value)
    return _MISFIT


def _fit_int(value: Any) -> Any:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else _MISFIT
    if isinstance(value, float):
        value = int(value) if value.is_integer() else _MISFIT
    return value if isinstance(value, int) and abs(value) < _INT_LIMIT else _MISFIT


def _fit_float(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        return _MISFIT
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _MISFIT
    return number if math.isfinite(number) else _MISFIT


def _fit_struct(value: dict[str, Any], kind: inspect.StructType) -> Any:
    fields: dict[str, Any] = {}
    for field in kind.fields:
        if field.encode_name in value:
            fitted = _fit(value[field.encode_name], field.type)
            if fitted is not _MISFIT:
                fields[field.name] = fitted
    return kind.cls(**fields)


def _fit_list(value: list[Any], item: inspect.Type) -> list[Any]:
    fitted = (_fit(entry, item) for entry in value[:MAX_ITEMS])
    return [entry for entry in fitted if entry is not _MISFIT]


def _fit_tuple(value: Any, kind: inspect.TupleType) -> Any:
    if not isinstance(value, list) or len(value) != len(kind.item_types):
        return _MISFIT
    fitted = tuple(_fit(entry, item) for entry, item in zip(value, kind.item_types, strict=True))
    return _MISFIT if any(entry is _MISFIT for entry in fitted) else fitted


def _fit_dict(value: dict[str, Any], item: inspect.Type) -> dict[str, Any]:
    entries = list(value.items())[:MAX_ITEMS]
    fitted = ((_clean_text(key), _fit(entry, item)) for key, entry in entries)
    return {key: entry for key, entry in fitted if entry is not _MISFIT}


def _fit_union(value: Any, kind: inspect.UnionType) -> Any:
    if value is None:
        return None if any(isinstance(option, inspect.NoneType) for option in kind.types) else _MISFIT
    for option in kind.types:
        fitted = _fit(value, option)
        if fitted is not _MISFIT:
            return fitted
    if kind.types and isinstance(value, list) and len(value) == 1:
        return _fit_union(value[0], kind)  # a lone value in a list: old headers and inputs come so
    return _MISFIT


def _clean_text(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    if isinstance(value, dict):
        return {_clean_text(key): _clean(entry) for key, entry in value.items()}
    return value if not isinstance(value, int) or abs(value) < _INT_LIMIT else None
