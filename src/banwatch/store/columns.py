"""Columns of a noun: the fields of a frozen type as columns of a table, and back.

Shape: one column a field, in the order of the fields. Text, numbers and times are null where the field is
`None`; lists are never null, as a nullable list differs between engines. A pair of times becomes two columns
(`since` gives `since_earliest` and `since_latest`); any other nested value is kept as JSON text. Times are
stored in UTC without a zone, in microseconds.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import pyarrow as pa

from banwatch.model.observation import NOT_STORED

if TYPE_CHECKING:
    import ibis

Row = TypeVar("Row")


class ColumnType(Enum):
    """Type of a field's columns: a name, the type in the table, and the type in Arrow."""

    TEXT = ("text", "string", pa.string())
    INTEGER = ("integer", "int64", pa.int64())
    REAL = ("real", "float64", pa.float64())
    BOOLEAN = ("boolean", "boolean", pa.bool_())
    TIME = ("time", "timestamp(6)", pa.timestamp("us"))
    DATE = ("date", "date", pa.date32())
    BYTES = ("bytes", "binary", pa.binary())
    TEXTS = ("texts", "array<!string>", pa.list_(pa.string()))
    INTEGERS = ("integers", "array<!int64>", pa.list_(pa.int64()))
    INTERVAL = ("interval", "timestamp(6)", pa.timestamp("us"))
    JSON = ("json", "string", pa.string())

    @property
    def is_list(self) -> bool:
        """Whether an absent value is an empty list rather than null."""
        return self in (ColumnType.TEXTS, ColumnType.INTEGERS)


_COLUMN_TYPES: dict[object, ColumnType] = {
    str: ColumnType.TEXT,
    int: ColumnType.INTEGER,
    float: ColumnType.REAL,
    bool: ColumnType.BOOLEAN,
    datetime: ColumnType.TIME,
    date: ColumnType.DATE,
    bytes: ColumnType.BYTES,
}
_UTC_TIMES = pa.timestamp("us", "UTC")


def _plain(annotation: Any) -> Any:
    """Return the type behind a `NewType`."""
    while isinstance(annotation, typing.NewType):
        annotation = annotation.__supertype__
    return annotation


@dataclass(frozen=True, slots=True)
class Field:
    """Field of a noun: the type of its columns, and the conversion of a stored value."""

    name: str
    column_type: ColumnType
    nullable: bool
    annotation: Any
    revive: Callable[[Any], Any] | None
    """Function from the stored value, or a word of a list, to the field's; None where they are equal."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns that hold the field."""
        if self.column_type is ColumnType.INTERVAL:
            return (f"{self.name}_earliest", f"{self.name}_latest")
        return (self.name,)

    @property
    def dtype(self) -> str:
        """Ibis type of those columns."""
        return self.column_type.value[1] if self.nullable else f"!{self.column_type.value[1]}"


def _column_type_of(annotation: Any) -> tuple[ColumnType, bool, Any]:
    """Return the column type, whether it may be null, and the annotation without `None` and `NewType`."""
    annotation = _plain(annotation)
    nullable = False
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [a for a in typing.get_args(annotation) if a is not type(None)]
        nullable = len(members) < len(typing.get_args(annotation))
        if len(members) != 1:
            return ColumnType.JSON, nullable, annotation
        annotation = _plain(members[0])
    if typing.get_origin(annotation) is tuple:
        of = [_plain(a) for a in typing.get_args(annotation)]
        if of == [datetime, datetime]:
            return ColumnType.INTERVAL, True, annotation
        if of[1:] == [...] and not nullable:
            if of[0] is str or (isinstance(of[0], type) and issubclass(of[0], StrEnum)):
                return ColumnType.TEXTS, False, annotation
            if of[0] is int:
                return ColumnType.INTEGERS, False, annotation
        return ColumnType.JSON, nullable, annotation
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ColumnType.TEXT, nullable, annotation
    return _COLUMN_TYPES.get(annotation, ColumnType.JSON), nullable, annotation


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


def _reviver(column_type: ColumnType, annotation: Any) -> Callable[[Any], Any] | None:
    if column_type is ColumnType.TIME:
        return _in_utc
    if column_type is ColumnType.JSON:
        return lambda value: None if value is None else msgspec.json.decode(value, type=annotation)
    of = typing.get_args(annotation)[0] if column_type is ColumnType.TEXTS else annotation
    if isinstance(of, type) and issubclass(of, StrEnum):
        members: dict[Any, Any] = {m.value: m for m in of}
        return lambda value: members.get(value, value)  # an unknown value survives
    return None


def _field(name: str, annotation: Any) -> Field:
    column_type, nullable, plain = _column_type_of(annotation)
    return Field(name, column_type, nullable, plain, _reviver(column_type, plain))


def stored_fields(noun: type[Any]) -> dict[str, Any]:
    """Return the annotations of a noun's fields, in order, without those that have no column."""
    hints = typing.get_type_hints(noun, include_extras=True)
    return {name: h for name, h in hints.items() if NOT_STORED not in getattr(h, "__metadata__", ())}


EMPTY: dict[ColumnType, Any] = {
    ColumnType.TEXT: "",
    ColumnType.INTEGER: 0,
    ColumnType.REAL: 0.0,
    ColumnType.BOOLEAN: False,
    ColumnType.TIME: datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    ColumnType.DATE: date(1970, 1, 1),
    ColumnType.BYTES: b"",
    ColumnType.TEXTS: [],
    ColumnType.INTEGERS: [],
    ColumnType.INTERVAL: datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    ColumnType.JSON: "null",
}
"""Value of a column without a default that an earlier version did not write."""


def defaults_of(noun: type[Any]) -> dict[str, Any]:
    """Return the default values of a noun's fields that are plain text, numbers or truth values."""
    of = msgspec.structs.fields if issubclass(noun, msgspec.Struct) else dataclasses.fields
    found = {f.name: f.default for f in of(noun)}
    plain = {name: str(v) if isinstance(v, StrEnum) else v for name, v in found.items()}
    return {name: v for name, v in plain.items() if isinstance(v, str | int | float | bool)}


class Layout(Generic[Row]):
    """Columns of one noun, with the conversion of rows to Arrow and back."""

    def __init__(self, noun: type[Row], names: Collection[str] | None = None) -> None:
        """Lay a noun out; with only some of its fields, rows cannot be converted back."""
        self.noun = noun
        self.fields = tuple(
            _field(name, hint) for name, hint in stored_fields(noun).items() if names is None or name in names
        )
        self.column_names = tuple(name for f in self.fields for name in f.column_names)
        self.arrow = pa.schema(
            [
                pa.field(name, f.column_type.value[2], f.nullable)
                for f in self.fields
                for name in f.column_names
            ]
        )
        names = [f.name for f in self.fields]
        self._get = attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)

    @cached_property
    def schema(self) -> "ibis.Schema":
        """Columns as Ibis names them, which takes a second to import: a worker does without."""
        import ibis

        return ibis.schema({name: f.dtype for f in self.fields for name in f.column_names})

    def only(self, names: Collection[str]) -> "Layout[Row]":
        """Lay out some of the fields."""
        return Layout(self.noun, names)

    def without(self, names: Collection[str]) -> "Layout[Row]":
        """Lay out all fields but some."""
        return Layout(self.noun, {f.name for f in self.fields} - set(names))

    def empty_values(self, names: Iterable[str]) -> dict[str, Any]:
        """Return expressions for columns that an earlier version did not write: the noun's default values."""
        import ibis

        defaults = defaults_of(self.noun)
        return {
            name: ibis.null(self.schema[name])
            if defaults.get(name) is None and self.schema[name].nullable
            else ibis.literal(defaults.get(name) or self._empty_value_of(name), self.schema[name])
            for name in names
        }

    def _empty_value_of(self, column: str) -> Any:
        """Return the value of a column that an earlier version did not write and that has no default."""
        field = next(f for f in self.fields if column in f.column_names)
        if field.column_type is ColumnType.JSON and typing.get_origin(field.annotation) is tuple:
            return "[]"
        return EMPTY[field.column_type]

    def to_arrow(self, rows: Iterable[Row]) -> pa.Table:
        """Convert rows to columns."""
        return self.of_values(list(map(self._get, rows)))

    def of_values(self, rows: Sequence[Sequence[Any]]) -> pa.Table:
        """Convert rows given as tuples of the fields' values, in the order of the fields."""
        columns = list(zip(*rows, strict=True)) or [()] * len(self.fields)
        arrays: list[pa.Array] = []
        for f, values in zip(self.fields, columns, strict=True):
            arrays.extend(_to_arrays(f, values))
        return pa.Table.from_arrays(arrays, schema=self.arrow)

    def plain(self, table: pa.Table) -> pa.Table:
        """Cast columns to the types of the layout: engines count and sum in types of their own."""
        columns = [
            _typed(table.column(name), kind)
            for name, kind in zip(self.arrow.names, self.arrow.types, strict=True)
        ]
        return pa.Table.from_arrays(columns, names=list(self.arrow.names))

    def from_arrow(self, table: pa.Table) -> list[Row]:
        """Convert columns to rows; columns of other names are ignored."""
        names = [f.name for f in self.fields]
        table = self.plain(table)
        columns = [_from_columns(f, table) for f in self.fields]
        return [self.noun(**dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]


def _to_arrays(f: Field, values: Sequence[Any]) -> list[pa.Array]:
    if f.column_type is ColumnType.INTERVAL:
        ends = ([None if v is None else v[end] for v in values] for end in (0, 1))
        return [pa.array(times, _UTC_TIMES).cast(f.column_type.value[2]) for times in ends]
    if f.column_type is ColumnType.TIME:
        return [pa.array(values, _UTC_TIMES).cast(f.column_type.value[2])]
    if f.column_type is ColumnType.JSON:
        values = [None if v is None else msgspec.json.encode(v, order="sorted").decode() for v in values]
    return [pa.array(values, f.column_type.value[2])]


def _from_columns(f: Field, table: pa.Table) -> Sequence[Any]:
    if f.column_type is ColumnType.INTERVAL:
        earliest, latest = (table.column(name).to_pylist() for name in f.column_names)
        return [
            None if first is None else (_in_utc(first), _in_utc(last))
            for first, last in zip(earliest, latest, strict=True)
        ]
    column = table.column(f.name)
    if f.column_type.is_list:
        return _lists_of(f, column)
    if f.column_type is ColumnType.JSON or (f.revive is None and f.column_type is not ColumnType.TEXT):
        values: list[Any] = column.to_pylist()
        return values if f.revive is None else [f.revive(value) for value in values]
    return _shared(column, f.revive)


def _shared(column: pa.ChunkedArray, revive: Callable[[Any], Any] | None) -> list[Any]:
    """Return the values of a column, of which equal ones are one object: most columns have few values."""
    values: list[Any] = []
    for chunk in column.chunks:
        encoded = chunk.dictionary_encode()
        words: list[Any] = encoded.dictionary.to_pylist()
        if revive is not None:
            words = [revive(word) for word in words]
        words.append(None if revive is None else revive(None))  # where an index is -1
        values += map(words.__getitem__, encoded.indices.fill_null(-1).to_pylist())
    return values


def _lists_of(f: Field, column: pa.ChunkedArray) -> list[Any]:
    """Return the lists of a column as tuples."""
    found: list[Any] = []
    for chunk in column.chunks:
        words = chunk.flatten()
        texts = f.column_type is ColumnType.TEXTS
        flat = _shared(pa.chunked_array([words]), f.revive) if texts else words.to_pylist()
        ends = chunk.value_lengths().fill_null(0).to_pylist()
        at = 0
        for length in ends:
            if length:
                found.append(tuple(flat[at : at + length]))
                at += length
            else:
                found.append(())
    return found


def _typed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == kind else column.cast(kind)
