"""YAML files with errors that name file, line, key, and the expected value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import yaml

from banwatch.model.errors import BanwatchError

T = TypeVar("T")
_SIZE_LIMIT_BYTES = 20_000_000  # a list of some hundred thousand names; anything above is a mistake


@dataclass(frozen=True, slots=True)
class YamlLocation:
    """Location of a value in a YAML file."""

    file: str
    line: int
    key: str

    def error(self, found: str, expected: str) -> BanwatchError:
        """Make the error about this location."""
        key = f" `{self.key}`:" if self.key else ""
        return BanwatchError(f"{self.file}, line {self.line}:{key} {found}", f"Expected {expected}")


class YamlValue:
    """Node of a YAML file, with readers whose errors give its location."""

    def __init__(self, node: yaml.Node, file: str, key: str) -> None:
        self._node = node
        self.location = YamlLocation(file, node.start_mark.line + 1, key)

    def _shown(self) -> str:
        if isinstance(self._node, yaml.ScalarNode):
            return f"found `{self._node.value}`"
        return "found a list" if isinstance(self._node, yaml.SequenceNode) else "found a mapping"

    def wrong(self, expected: str) -> BanwatchError:
        """Make the error that this value is not the expected one."""
        return self.location.error(self._shown(), expected)

    @property
    def is_null(self) -> bool:
        """Return whether the value is null."""
        return isinstance(self._node, yaml.ScalarNode) and self._node.tag == "tag:yaml.org,2002:null"

    @property
    def is_text(self) -> bool:
        """Return whether this is a single value rather than a list or mapping."""
        return isinstance(self._node, yaml.ScalarNode)

    @property
    def is_mapping(self) -> bool:
        """Return whether this is a mapping."""
        return isinstance(self._node, yaml.MappingNode)

    def text(self, expected: str = "text") -> str:
        """Read a single value as it is spelled."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null:
            raise self.wrong(expected)
        return str(self._node.value)

    def parsed(self, parse: Callable[[str], T], expected: str) -> T:
        """Read a single value through a parser that raises ValueError."""
        try:
            return parse(self.text(expected))
        except ValueError as error:
            raise self.wrong(expected) from error

    def boolean(self) -> bool:
        """Read `true` or `false`."""
        words = {"true": True, "false": False}
        if (word := self.text("true or false").lower()) not in words:
            raise self.wrong("true or false")
        return words[word]

    def integer(self, low: int, high: int) -> int:
        """Read a whole number within bounds, both included."""
        expected = f"a whole number from {low} to {high}"
        number = self.parsed(lambda text: int(text, 0), expected)
        if not low <= number <= high:
            raise self.wrong(expected)
        return number

    def number(self, low: float, high: float) -> float:
        """Read a number within bounds, both included."""
        expected = f"a number from {low:g} to {high:g}"
        number = self.parsed(float, expected)
        if not low <= number <= high:  # also refuses NaN
            raise self.wrong(expected)
        return number

    def moment(self) -> datetime:
        """Read a time with its zone, or a date (midnight in UTC)."""
        expected = "a time with its zone, such as 2016-04-01T00:00Z"

        def parse(text: str) -> datetime:
            if len(text) == 10:
                day = date.fromisoformat(text)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                raise ValueError("no zone")
            return at.astimezone(UTC)

        return self.parsed(parse, expected)

    def one_of(self, words: type[T], expected: str | None = None) -> T:
        """Read a word of an enumeration."""
        choices = ", ".join(str(word) for word in words)  # type: ignore[attr-defined] # an Enum type iterates
        return self.parsed(lambda text: words(text), expected or f"one of {choices}")  # type: ignore[call-arg]  # an Enum type takes a value

    def items(self) -> list["YamlValue"]:
        """Read a list; a single value is a list of one, null an empty one."""
        if self.is_null:
            return []
        if isinstance(self._node, yaml.SequenceNode):
            return [YamlValue(node, self.location.file, self.location.key) for node in self._node.value]
        return [self]

    def empty_mapping(self) -> "YamlMapping":
        """Return a mapping without keys, for options that were not given."""
        return YamlMapping(
            yaml.MappingNode("tag:yaml.org,2002:map", [], self._node.start_mark), self.location.file, ""
        )

    def mapping(self) -> "YamlMapping":
        """Read a mapping."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong("a mapping of keys to values")
        return YamlMapping(self._node, self.location.file, self.location.key)


class YamlMapping:
    """Mapping whose keys are taken one by one; a key that is left at the end is an error."""

    def __init__(self, node: yaml.MappingNode, file: str, key: str) -> None:
        self.location = YamlLocation(file, node.start_mark.line + 1, key)
        self._values: dict[str, YamlValue] = {}
        self._read_keys: list[str] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlLocation(file, key_node.start_mark.line + 1, key).error(
                    "found a complex key", "a name"
                )
            name = str(key_node.value)
            path = f"{key}.{name}" if key else name
            if name in self._values:
                raise YamlLocation(file, key_node.start_mark.line + 1, path).error(
                    "found twice", "each key once"
                )
            self._values[name] = YamlValue(value_node, file, path)

    def names(self) -> list[str]:
        """Return every key, in the order of the file."""
        return list(self._values)

    def peek(self, key: str) -> YamlValue | None:
        """Return a key's value without taking the key."""
        return self._values.get(key)

    def take(self, key: str) -> YamlValue | None:
        """Take a key that may be absent; null counts as absent."""
        self._read_keys.append(key)
        value = self._values.pop(key, None)
        return None if value is None or value.is_null else value

    def need(self, key: str, expected: str) -> YamlValue:
        """Take a key that must be there."""
        value = self.take(key)
        if value is None:
            path = f"{self.location.key}.{key}" if self.location.key else key
            raise YamlLocation(self.location.file, self.location.line, path).error("missing", expected)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Take text; needed where it has no default."""
        if default is None:
            return self.need(key, "text").text()
        value = self.take(key)
        return default if value is None else value.text()

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        """Take a whole number."""
        value = self.take(key)
        return default if value is None else value.integer(low, high)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Take a number."""
        value = self.take(key)
        return default if value is None else value.number(low, high)

    def boolean(self, key: str, default: bool) -> bool:
        """Take true or false."""
        value = self.take(key)
        return default if value is None else value.boolean()

    def one_of(self, key: str, default: T) -> T:
        """Take a word of the enumeration that the default belongs to."""
        value = self.take(key)
        return default if value is None else value.one_of(type(default))

    def items(self, key: str) -> list[YamlValue]:
        """Take a list; absent is empty."""
        value = self.take(key)
        return [] if value is None else value.items()

    def finish(self) -> None:
        """Raise an error for the first key that was not taken."""
        for value in self._values.values():
            raise value.location.error(
                "is not a known key", "one of " + ", ".join(sorted(set(self._read_keys)))
            )


def read_mapping(path: Path) -> YamlMapping:
    """Read a YAML file whose top is a mapping.

    Raises:
        BanwatchError: it cannot be read, or is not YAML, or not a mapping.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > _SIZE_LIMIT_BYTES:
            raise BanwatchError(f"{path} has {size_bytes:,} bytes", f"At most {_SIZE_LIMIT_BYTES:,} are read")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(
            f"Cannot read {path}: {error}", "Give the path of a YAML file in UTF-8"
        ) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or error
        raise YamlLocation(str(path), line, "").error(f"not YAML: {problem}", "YAML") from error
    if not isinstance(node, yaml.MappingNode):
        raise YamlLocation(str(path), 1, "").error("found no mapping", "keys and values")
    return YamlMapping(node, str(path), "")
