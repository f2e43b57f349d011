"""Answers of OONI's API and tables of its Explorer, as people save them: unwrapped, or named.

Wire: `measurement_meta?full=true` answers `{"measurement_uid", "report_id", ..., "raw_measurement": "<JSON
text>"}`. Lists (`{"metadata", "results"}`), aggregations (`{"dimension_count",
"result"}`) and the CSV of both hold no measurements.
"""

import json
import re

import msgspec

from banwatch.model.errors import WireError

WRAPPED_WITHIN_BYTES = 4096
"""Bytes in which an answer names what it wraps: the values before are short."""
_WRAPPED = b'"raw_measurement"'
_LIST = re.compile(rb'^\s*\{\s*"(metadata|results)"\s*:')
_AGGREGATION = re.compile(rb'^\s*\{[^{}\[\]]{0,400}"dimension_count"\s*:')
_TABLES = (
    (
        {"measurement_uid", "report_id", "anomaly", "confirmed"},
        "a table of OONI Explorer's search, which holds no measurements: name their files, or save "
        "measurement_meta?full=true of each",
    ),
    (
        {"anomaly_count", "measurement_count"},
        "a table of OONI's aggregation, which counts measurements and holds none",
    ),
    (
        {"measurement_uid", "target", "state", "mechanisms"},
        "a table of verdicts, which holds no measurements: see `banwatch detect --verdicts`",
    ),
    ({"url", "category_code"}, "a test list, which holds no measurements: see `banwatch reference import`"),
)


class _Wrapper(msgspec.Struct, frozen=True):
    raw_measurement: str | None = None
    measurement_uid: str | None = None


def is_wrapped(head: bytes) -> bool:
    """Whether a text begins as an answer that wraps a measurement."""
    return _WRAPPED in head[:WRAPPED_WITHIN_BYTES]


def unwrap_untrusted(answer: bytes) -> bytes:
    """Take the measurement out of an answer, on one line, with the answer's id where it has none itself.

    Raises:
        WireError: the answer holds no measurement.
    """
    try:
        wrapper = msgspec.json.decode(answer, type=_Wrapper)
        if not wrapper.raw_measurement:
            raise WireError("an answer of OONI's API without the measurement: ask it with full=true")
        fields = json.loads(wrapper.raw_measurement)
    except (ValueError, RecursionError) as error:
        raise WireError(f"an answer of OONI's API that cannot be read: {str(error)[:120]}") from None
    if not isinstance(fields, dict):
        raise WireError("an answer of OONI's API that wraps no measurement")
    if wrapper.measurement_uid and not fields.get("measurement_uid"):
        fields["measurement_uid"] = wrapper.measurement_uid
    try:
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which only an escape can spell
        return json.dumps(fields, separators=(",", ":")).encode("ascii")


def what_it_is(head: bytes) -> str:
    """Name what a file is by its beginning, where it holds no measurements; empty where it may hold some."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _LIST.match(start):
        return (
            "a list of summaries by OONI's API, which holds no measurements: save measurement_meta?full=true "
            "of each"
        )
    if _AGGREGATION.match(start):
        return "an aggregation by OONI's API, which counts measurements and holds none"
    if start[:1] == b"<":
        return "a web page, which holds no measurements"
    columns = {cell.strip().strip('"').lower() for cell in _first_line(start).split(",")}
    return next((words for needed, words in _TABLES if needed <= columns), "")


def _first_line(text: bytes) -> str:
    line = re.split(rb"[\r\n]", text, maxsplit=1)[0]
    return line.decode("utf-8", "replace").replace(";", ",").replace("\t", ",")
