"""Verdicts that others made, as a table in a file: CSV or Parquet, one row a measurement and target.

Wire: CSV is UTF-8 with a header line; Parquet holds the same columns, times as timestamps or text. Columns
`measurement_uid, measurement_start_time, probe_cc, probe_asn, target, state, mechanisms` must be there;
`probe_id`, `report_id` and `access_tier` may be; others are passed over. Times are RFC 3339 or
`YYYY-MM-DD HH:MM:SS`, UTC where they name no zone. AS numbers are `AS64512` or `64512`. Mechanisms are
separated by semicolons.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import MeasurementUid, TargetName, parse_asn, parse_country
from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict

REQUIRED = (
    "measurement_uid",
    "measurement_start_time",
    "probe_cc",
    "probe_asn",
    "target",
    "state",
    "mechanisms",
)
OPTIONAL = ("probe_id", "report_id", "access_tier")
MAX_FIELD_CHARS = 10_000
_SHUTDOWN = "network.shutdown"
_MECHANISM = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
"""Paths that we do not know are kept as they came."""
_LAYERS = frozenset(Layer)
_STATES = frozenset(State)


def read_verdicts(path: Path, *, on_bad: Callable[[int, str], None] | None = None) -> Iterator[Verdict]:
    """Read a table of verdicts, by its name's ending: `.parquet`, else CSV.

    Args:
        path: the file.
        on_bad: called with the number of each row that is no verdict, and why; it is then passed over.

    Raises:
        BanwatchError: it cannot be read, lacks a column, or, without `on_bad`, has a row that is no verdict.
    """
    number = 0
    try:
        rows = _parquet_rows(path) if path.suffix.lower() in {".parquet", ".pq"} else _csv_rows(path)
        for row in rows:
            number += 1
            try:
                verdict = parse_verdict_untrusted(row)
            except WireError as error:
                if on_bad is None:
                    raise
                on_bad(number, error.reason)
                continue
            yield verdict
    except WireError as error:
        what = f"{path}, row {number}: {error.reason}"
        raise BanwatchError(what, "docs/detect.md names the columns.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a CSV or Parquet file.") from error


def _need_columns(found: Iterable[str], path: Path) -> None:
    missing = [name for name in REQUIRED if name not in set(found)]
    if missing:
        raise BanwatchError(f"{path} has no column {', '.join(missing)}", f"It needs {', '.join(REQUIRED)}.")


def _csv_rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        _need_columns(header, path)
        for cells in reader:
            if cells:
                yield dict(zip(header, cells, strict=False))


def _parquet_rows(path: Path) -> Iterator[Mapping[str, str]]:
    import pyarrow as pa  # heavy, and needed for Parquet alone
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            _need_columns(names, path)
            wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in names]
            for batch in file.iter_batches(columns=wanted):
                columns = [batch.column(name).to_pylist() for name in wanted]
                for values in zip(*columns, strict=True):
                    yield {name: _as_text(value) for name, value in zip(wanted, values, strict=True)}
    except pa.ArrowException as error:
        raise BanwatchError(f"{path} is not Parquet: {error}", "Give a CSV or Parquet file.") from error


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, list | tuple):
        return ";".join(str(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def parse_verdict_untrusted(row: Mapping[str, str]) -> Verdict:
    """Read one row.

    Raises:
        WireError: a value is missing, too long, or not of its kind.
    """
    if any(len(value) > MAX_FIELD_CHARS for value in row.values() if value):
        raise WireError(f"a value of more than {MAX_FIELD_CHARS} characters")
    text = {name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    for name in ("measurement_uid", "target"):
        if not text[name]:
            raise WireError(f"{name} is empty")
    if text["state"] not in _STATES:
        raise WireError(f"state is {text['state']!r}, expected one of {', '.join(State)}")
    mechanisms = tuple(sorted({m.strip() for m in text["mechanisms"].split(";") if m.strip()}))
    strange = [mechanism for mechanism in mechanisms if not _MECHANISM.fullmatch(mechanism)]
    if strange:
        raise WireError(f"mechanism {strange[0]!r} is no dotted path")
    return Verdict(
        measurement_uid=MeasurementUid(text["measurement_uid"]),
        target=TargetName(text["target"]),
        test_name="",
        input="",
        probe_cc=parse_country(text["probe_cc"].upper()),
        probe_asn=parse_asn(text["probe_asn"].upper()),
        access_tier=text["access_tier"],
        report_id=text["report_id"],
        probe_id=text["probe_id"],
        measurement_start_time=parse_moment(text["measurement_start_time"]),
        # where nothing at all answered, no target is accused, whatever the row calls it
        state=State.INSUFFICIENT if _SHUTDOWN in mechanisms else State(text["state"]),
        mechanisms=mechanisms,
        layer=_layer(mechanisms),
        hop=None,
        rules=(),
        vetoed=(),
        sentence="",
        ruleset="",
        snapshots=(),
    )


def _layer(mechanisms: Sequence[str]) -> Layer | None:
    """The layer of the first mechanism; `network.shutdown` is how a row says that nothing at all answered."""
    if _SHUTDOWN in mechanisms:
        return Layer.NETWORK
    found = mechanisms[0].partition(".")[0] if mechanisms else ""
    return Layer(found) if found in _LAYERS else None


def parse_moment(text: str) -> datetime:
    """Read a time; UTC where it names no zone.

    Raises:
        WireError: it is not one.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise WireError(f"time {text!r} is not RFC 3339") from error
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise WireError(f"time {text!r} is out of range") from error
