"""Forms of an answer: rows as JSON, CSV, JSON Lines or Parquet, by `?format=` or the header `Accept`."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import Request
from fastapi.responses import Response
from msgspec import inspect
from starlette.exceptions import HTTPException

_MOST_ACCEPTED = 32
"""Ranges of an `Accept` header that are read."""


class Form(StrEnum):
    """Form that rows are written in, by the name that `?format=` takes."""

    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv",
    Form.JSONL: "application/x-ndjson",
    Form.PARQUET: "application/vnd.apache.parquet",
}
_ACCEPTED = {media: form for form, media in MEDIA_TYPES.items()} | {
    "application/jsonl": Form.JSONL,
    "application/*": Form.JSON,
    "text/*": Form.CSV,
    "*/*": Form.JSON,
}


def form_of(request: Request, asked: Form | None) -> Form:
    """Choose the form of an answer.

    Raises:
        HTTPException: the request accepts none of ours (406).
    """
    if asked is not None:
        return asked
    text = request.headers.get("accept", "")
    if not text.strip():
        return Form.JSON
    wanted = []
    for place, part in enumerate(text.split(",")[:_MOST_ACCEPTED]):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media in _ACCEPTED and (weight := _weight(parameters)) > 0:
            wanted.append((-weight, media.count("*"), place, _ACCEPTED[media]))
    if not wanted:
        raise HTTPException(406, f"answers come as {', '.join(MEDIA_TYPES.values())}")
    return min(wanted)[3]


def _weight(parameters: Sequence[str]) -> float:
    for one in parameters:
        if one.startswith("q="):
            try:
                return float(one[2:])
            except ValueError:
                return 0.0
    return 1.0


def rows_answer(
    rows: Sequence[Any], noun: type[Any], form: Form, headers: Mapping[str, str], following: str | None
) -> Response:
    """Write rows of one noun; only JSON holds the cursor of the next page, every form has it in `Link`."""
    if form is Form.JSON:
        body = msgspec.json.encode({"items": rows, "next": following})
    elif form is Form.JSONL:
        body = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    elif form is Form.CSV:
        body = _csv(rows, noun)
    else:
        body = _parquet(rows, noun)
    media = "text/csv; charset=utf-8" if form is Form.CSV else MEDIA_TYPES[form]
    return Response(body, media_type=media, headers={**headers, "Vary": "Accept"})


def one_answer(value: object) -> Response:
    """Write one thing, which comes as JSON alone."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def inert(value: Any) -> Any:
    """Keep a spreadsheet from reading a stranger's text as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.to_builtins(list(rows))
    return found


def _csv(rows: Sequence[Any], noun: type[Any]) -> bytes:
    """Write CSV: an empty field is null, lists and objects are JSON, times RFC 3339."""
    text = io.StringIO()
    names = [one.encode_name for one in _fields(noun)]
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in _plain(rows):
        writer.writerow(
            {
                name: inert(value) if value is None or isinstance(value, str) else _json(value)
                for name, value in row.items()
            }
        )
    return text.getvalue().encode()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _parquet(rows: Sequence[Any], noun: type[Any]) -> bytes:
    """Write Parquet, whose columns do not depend on the rows: objects and their lists are JSON."""
    fields = _fields(noun)
    schema = pa.schema([pa.field(one.encode_name, _column(one.type)) for one in fields])
    plain = msgspec.to_builtins(list(rows), builtin_types=(datetime,))
    columns = [
        pa.array([_cell(row.get(field.name), field.type) for row in plain], type=field.type)
        for field in schema
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), out, compression="zstd")
    return out.getvalue()


def _cell(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_string(kind) and value is not None and not isinstance(value, str):
        return _json(value)
    return value


def _fields(noun: type[Any]) -> Sequence[inspect.Field]:
    found = inspect.type_info(noun)
    assert isinstance(found, inspect.StructType | inspect.DataclassType)
    return found.fields


def _column(kind: inspect.Type) -> pa.DataType:
    """Return the type of a column; text where there is none for it."""
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _column(kinds[0]) if len(kinds) == 1 else pa.string()
    simple = {
        inspect.IntType: pa.int64(),
        inspect.FloatType: pa.float64(),
        inspect.BoolType: pa.bool_(),
        inspect.DateTimeType: pa.timestamp("us", "UTC"),
    }
    if type(kind) in simple:
        return simple[type(kind)]
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        inner = kind.item_type
        if isinstance(inner, inspect.StrType | inspect.EnumType) or type(inner) in simple:
            return pa.list_(_column(inner))
    return pa.string()
