"""OONI's reports of 2012 to 2016, in YAML: a header and a document for each measurement, as JSON lines.

Wire: comments; `---`, the header (`report_id`, `start_time` in seconds, `probe_cc`, `test_name`, ...), `...`;
then `---`, a measurement's keys, `...`. What was on the top level of a measurement stands in `test_keys`
today.
"""

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import yaml

from banwatch.model.errors import WireError

MAX_DOCUMENT_BYTES = 16 << 20
"""Longest document that is parsed: a hundred times OONI's longest."""
MAX_VALUES = 500_000
"""Values of a document with its aliases written out, at most: a small file may name billions."""
_BEGINNING = re.compile(rb"^(?:\xef\xbb\xbf)?(?:[ \t]*#[^\n]*\r?\n|[ \t]*\r?\n)*---[ \t]*\r?\n")
_COMMENTED = re.compile(rb"^(?:\xef\xbb\xbf)?#{3,}\r?\n# OONI ?[Pp]robe", re.IGNORECASE)
_OF_HEADER = (
    *("probe_asn", "probe_cc", "probe_ip", "report_id", "software_name", "software_version"),
    *("test_name", "test_version", "input_hashes", "options", "test_helpers", "backend_version"),
)
_OF_MEASUREMENT = ("input", "test_runtime", "annotations", "measurement_start_time", "test_start_time")


class _Loader(yaml.CSafeLoader):
    """Loader of plain values, with the tags that ooniprobe wrote for its tuples and texts."""


def _text(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _list(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:python/unicode", _text)
_Loader.add_constructor("tag:yaml.org,2002:python/str", _text)
_Loader.add_constructor("tag:yaml.org,2002:python/tuple", _list)


def is_yaml_report(head: bytes) -> bool:
    """Whether a text begins as such a report does."""
    return bool(_BEGINNING.match(head) or _COMMENTED.match(head))


def report_lines(lines: Iterable[bytes], on_failure: Callable[[str], None]) -> Iterator[bytes]:
    """Read a report, and give each of its measurements as a line of today's format.

    Args:
        lines: the report's lines, without newlines.
        on_failure: called with the reason for each document that cannot be read.
    """
    header: dict[str, Any] | None = None
    for document in _documents(lines):
        try:
            value = _load(document)
        except WireError as error:
            on_failure(error.reason)
            continue
        if value is None:
            continue
        if header is None and "test_name" in value and "start_time" in value:
            header = value
            continue
        yield _line_of(header or {}, value)


def _documents(lines: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for line in lines:
        if line.rstrip() in (b"---", b"..."):
            if held:
                yield b"\n".join(held)
            held, size = [], 0
        elif size <= MAX_DOCUMENT_BYTES:
            held.append(line)
            size += len(line) + 1
    if held:
        yield b"\n".join(held)


def _load(document: bytes) -> dict[str, Any] | None:
    if len(document) > MAX_DOCUMENT_BYTES:
        raise WireError(f"a document of more than {MAX_DOCUMENT_BYTES} bytes")
    try:
        value = yaml.load(document.decode("utf-8", "replace"), _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise WireError(f"no YAML: {' '.join(str(error).split())[:120]}") from None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise WireError("a document that is no mapping")
    counted = [MAX_VALUES]
    try:
        plain = _plain(value, counted)
    except RecursionError:
        raise WireError("nested too deeply") from None
    return {str(name): inner for name, inner in plain.items()}


def _plain(value: Any, left: list[int]) -> Any:
    """Convert a value to what JSON can hold."""
    left[0] -= 1
    if left[0] < 0:
        raise WireError(f"a document of more than {MAX_VALUES} values")
    if isinstance(value, dict):
        return {str(name): _plain(inner, left) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(inner, left) for inner in value]
    if isinstance(value, bytes):
        return {"format": "base64", "data": base64.b64encode(value).decode("ascii")}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**63 else None
    if value is None or isinstance(value, bool):
        return value
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _line_of(header: dict[str, Any], entry: dict[str, Any]) -> bytes:
    line: dict[str, Any] = {name: header[name] for name in _OF_HEADER if name in header}
    line |= {name: entry[name] for name in _OF_MEASUREMENT if name in entry}
    line["test_name"] = re.sub(r"[^a-z0-9_]+", "_", str(header.get("test_name", "")).lower()).strip("_")
    started = _moment(header.get("start_time"))
    line["test_start_time"] = line.get("test_start_time") or started
    line["measurement_start_time"] = (
        line.get("measurement_start_time") or _moment(entry.get("start_time")) or line["test_start_time"]
    )
    header_keys = {*_OF_MEASUREMENT, *_OF_HEADER, "start_time", "probe_city"}
    keys = {name: value for name, value in entry.items() if name not in header_keys}
    line["test_keys"] = keys.pop("test_keys", None) or keys
    return msgspec.json.encode(line)


def _moment(seconds: Any) -> str | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 2**33:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
