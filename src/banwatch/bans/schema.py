"""Form of a ban file: its keys, the values they allow, and the departures of a file from it.

Wire: YAML 1.1, UTF-8, one mapping. Dates are quoted text in ISO form, since the year alone, or the month, is
all that some sources say.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

MAX_BYTES = 200_000
"""Bytes of a ban file, at most: a person writes it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""C parser where PyYAML was built with it: it takes a tenth of the time."""

PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_TARGET = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?")
_BAN_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CATEGORY = re.compile(r"[A-Z]{3,5}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Departure from the form."""

    file: str
    line: int
    """From 1; 0 where the file as a whole is meant."""
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: found {self.found}, expected {self.expected}"


def precision_of(text: str) -> str | None:
    """Return `year`, `month` or `day` for a date in ISO form; None for other text."""
    found = PARTIAL_DATE.fullmatch(text)
    if not found:
        return None
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None
    return "day" if found[3] else "month" if found[2] else "year"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_date(value: object) -> bool:
    return isinstance(value, str) and precision_of(value) is not None


def _is_end(value: object) -> bool:
    return value == "unspecified" or _is_date(value)


def _is_asn(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32


def _is_address(value: object) -> bool:
    return value == "" or (isinstance(value, str) and re.fullmatch(r"https?://\S+", value) is not None)


def _any_text(value: object) -> bool:
    return isinstance(value, str)


Form = Mapping[str, tuple[bool, Callable[[object], bool], str]]
"""Key: required, what its value must satisfy, and that in words."""

_LIST = (lambda value: isinstance(value, list), "a list")

BAN: Form = {
    "id": (True, _matches(_BAN_ID), "lower case words joined by hyphens, e.g. dprk-2016"),
    "title": (True, _is_text, "text"),
    "country": (True, _matches(_COUNTRY), "an ISO 3166-1 code, e.g. KP"),
    "authority": (True, _is_text, "text"),
    "targets": (False, *_LIST),
    "categories": (False, *_LIST),
    "category_targets": (False, *_LIST),
    "meanings": (False, *_LIST),
    "binds": (False, *_LIST),
    "begins": (True, _is_end, 'a quoted date "YYYY", "YYYY-MM" or "YYYY-MM-DD", or "unspecified"'),
    "ends": (True, _is_end, 'a quoted date or "unspecified"'),
    "recurs": (False, _is_text, "text: when it comes back, e.g. the hours and the season"),
    "regions": (False, *_LIST),
    "shutdown": (False, lambda value: isinstance(value, bool), "true or false"),
    "penalty": (True, _is_text, 'text, or "unspecified"'),
    "facts": (True, *_LIST),
    "sources": (True, *_LIST),
    "notes": (False, _any_text, "text"),
}
NETWORK: Form = {
    "asn": (True, _is_asn, "a number; 0 is every network of the country"),
    "name": (True, _is_text, "text"),
    "tier": (False, _any_text, "text"),
}
CATEGORY_TARGET: Form = {
    "category": (True, _matches(_CATEGORY), "a category code, e.g. GMB"),
    "target": (True, _matches(_TARGET), "a domain in lower case"),
}
MEANING: Form = {
    "target": (True, _matches(_TARGET), "one of the targets"),
    "meant": (False, lambda value: value in ("named", "reading"), "named, or reading"),
    "begins": (False, _is_date, 'a quoted date "YYYY-MM-DD", where it differs from the ban\'s'),
    "sources": (False, *_LIST),
}
FACT: Form = {
    "fact": (True, _is_text, "text"),
    "sources": (True, *_LIST),
}
SOURCE: Form = {
    "id": (True, _matches(_BAN_ID), "lower case words joined by hyphens"),
    "publisher": (True, _is_text, "text"),
    "title": (True, _is_text, "text"),
    "published": (True, _is_end, 'a quoted date, or "unspecified"'),
    "url": (True, _is_address, 'an http or https address, or ""'),
    "cites": (False, _any_text, "the id of the source it cites, or nothing"),
}

_ITEMS: Mapping[str, Form] = {
    "binds": NETWORK,
    "category_targets": CATEGORY_TARGET,
    "meanings": MEANING,
    "facts": FACT,
    "sources": SOURCE,
}


def problems_in(text: str, file: str) -> tuple[object, tuple[Problem, ...]]:
    """Read a ban file: its content, and every departure from the form in order of lines."""
    if len(text.encode()) > MAX_BYTES:
        return None, (Problem(file, 0, "file", f"{len(text)} characters", f"at most {MAX_BYTES} bytes"),)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
            return None, (Problem(file, 0, "file", "an alias (*name)", "no anchors and aliases"),)
        node = yaml.compose(text, Loader=_LOADER)
        content = yaml.load(text, Loader=_LOADER)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        return None, (Problem(file, line, "file", "text that is not YAML", str(error).splitlines()[0]),)
    if not isinstance(node, MappingNode) or not isinstance(content, dict):
        return None, (Problem(file, 1, "file", type(content).__name__, "one mapping of keys to values"),)
    found = list(_check(node, content, BAN, file, ""))
    lines = {str(key.value): value for key, value in node.value}
    for name, form in _ITEMS.items():
        items, item_nodes = content.get(name), lines.get(name)
        if isinstance(items, list) and isinstance(item_nodes, SequenceNode):
            for number, (item, item_node) in enumerate(zip(items, item_nodes.value, strict=True), start=1):
                found.extend(_check(item_node, item, form, file, f"{name}[{number}]."))
    for name, pattern, words in (
        ("targets", _TARGET, "a domain in lower case, never an address"),
        ("categories", _CATEGORY, "a category code, e.g. GMB"),
    ):
        items, item_nodes = content.get(name), lines.get(name)
        if isinstance(items, list) and isinstance(item_nodes, SequenceNode):
            for number, (item, item_node) in enumerate(zip(items, item_nodes.value, strict=True), start=1):
                if not _matches(pattern)(item):
                    found.append(Problem(file, _line(item_node), f"{name}[{number}]", repr(item), words))
    return content, tuple(sorted(found, key=lambda problem: (problem.line, problem.key)))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _check(node: Node, value: object, form: Form, file: str, path: str) -> list[Problem]:
    if not isinstance(value, dict) or not isinstance(node, MappingNode):
        return [Problem(file, _line(node), path.rstrip("."), repr(value), f"keys {', '.join(form)}")]
    found = []
    nodes = {}
    for key, item in node.value:
        name = str(key.value)
        if name in nodes:
            found.append(Problem(file, _line(key), path + name, "the key twice", "each key once"))
        nodes[name] = item
        if name not in form:
            found.append(
                Problem(file, _line(key), path + name, "an unknown key", f"one of {', '.join(form)}")
            )
    for name, (required, accepts, words) in form.items():
        if name not in value:
            if required:
                found.append(Problem(file, _line(node), path + name, "nothing", words))
        elif not accepts(value[name]):
            found.append(Problem(file, _line(nodes[name]), path + name, repr(value[name]), words))
    return found
