"""Verdicts that others made, as a table in a file: CSV or Parquet, one row a measurement and target.

Wire: CSV is UTF-8 with a header line, separated by commas, semicolons or tabs, and may be packed with gzip;
Parquet holds the same columns, times as timestamps or text. Columns `measurement_uid, measurement_start_time,
probe_cc, probe_asn, target, state, mechanisms` must be there; `probe_id`, `report_id`, `access_tier`,
`resolver_asn`, `arrived_at`, `received_at` (hour of receipt; that of `arrived_at` or of the id where it is
missing), `source_class` (docs/trust.md), `input` and `addresses` (separated by semicolons) may be; others are
passed over. Case makes no difference in names of columns and in states. Times are RFC 3339,
`YYYY-MM-DD HH:MM:SS`, or seconds since 1970; UTC where they name no zone. AS numbers are `AS64512`, `64512`
or `64512.0`. Mechanisms are separated by semicolons.
"""

import csv
import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName, parse_asn, parse_country
from banwatch.model.receipt import SourceClass, hour_of_receipt, receipt_hour_of
from banwatch.model.resolver import kind_of_resolver
from banwatch.model.state import Layer, State
from banwatch.model.verdict import MOST_ADDRESSES, Verdict

REQUIRED = (
    "measurement_uid",
    "measurement_start_time",
    "probe_cc",
    "probe_asn",
    "target",
    "state",
    "mechanisms",
)
OPTIONAL = (
    "probe_id",
    "report_id",
    "access_tier",
    "resolver_asn",
    "arrived_at",
    "received_at",
    "source_class",
    "input",
    "addresses",
)
MAX_FIELD_CHARS = 10_000
MAX_KEPT_WORDS = 200_000
"""Distinct values of a column that are held to be shared by rows; more are read all the same."""
_SHUTDOWN = "network.shutdown"
_MECHANISM = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
"""Paths that we do not know are kept as they came."""
_NOTHING = frozenset({"", "nan", "none", "null", "[]", "{}"})
"""Spellings that programs give to a missing value."""
_EPOCH = re.compile(r"[0-9]{9,10}(?:\.[0-9]+)?", re.ASCII)
_FRACTION = re.compile(r"\.0+$")
_LAYERS = frozenset(Layer)
_STATES = {state.value: state for state in State}


def read_verdicts(
    path: Path,
    *,
    on_bad: Callable[[int, str], None] | None = None,
    on_arrival: Callable[[Verdict, datetime], None] | None = None,
) -> Iterator[Verdict]:
    """Read a table of verdicts, by its name's ending: `.parquet`, else CSV.

    Args:
        path: the file.
        on_bad: called with the number of each row that is no verdict, and why; it is then passed over.
        on_arrival: called with each verdict that tells when it arrived, before it is given.

    Raises:
        BanwatchError: it cannot be read, lacks a column, or, without `on_bad`, has a row that is no verdict.
    """
    number = 0
    reader = _Rows()
    try:
        rows = _parquet_rows(path) if path.suffix.lower() in {".parquet", ".pq"} else _csv_rows(path)
        for row in rows:
            number += 1
            try:
                if isinstance(row, WireError):
                    raise row
                verdict = reader.parse_untrusted(row)
                arrived = row.get("arrived_at") or ""
                if on_arrival is not None and arrived.strip().lower() not in _NOTHING:
                    on_arrival(verdict, parse_moment(arrived.strip()))
            except WireError as error:
                if on_bad is None:
                    raise
                on_bad(number, error.reason)
                continue
            yield verdict
    except WireError as error:
        what = f"{path}, row {number}: {error.reason}"
        raise BanwatchError(what, "docs/detect.md names the columns.") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a CSV or Parquet file.") from error


class Refused:
    """Counts the rows that were no verdicts, by the reason."""

    _NAMED = 8
    _KEPT = 1_000

    def __init__(self) -> None:
        """Begin with none."""
        self.read = 0
        self.refused = 0
        self._reasons: dict[str, tuple[int, int]] = {}

    def note(self, number: int, reason: str) -> None:
        """Take down that a row, counted from 1, was refused."""
        self.refused += 1
        if reason in self._reasons or len(self._reasons) < self._KEPT:
            first, times = self._reasons.get(reason, (number, 0))
            self._reasons[reason] = (first, times + 1)

    def counted(self, rows: Iterable[Verdict]) -> Iterator[Verdict]:
        """Pass verdicts on, and count them."""
        for row in rows:
            self.read += 1
            yield row

    def lines(self) -> Iterator[str]:
        """Say what was refused and why, the most frequent reasons first."""
        if not self.refused:
            return
        yield f"{self.refused} of {self.refused + self.read} rows passed over:"
        ranked = sorted(self._reasons.items(), key=lambda item: (-item[1][1], item[1][0]))
        for reason, (first, times) in ranked[: self._NAMED]:
            yield f"  {times} as row {first}: {reason}"
        if len(ranked) > self._NAMED:
            yield f"  and others, of {len(ranked) - self._NAMED} kinds more"


def _need_columns(found: Iterable[str], path: Path) -> None:
    missing = [name for name in REQUIRED if name not in set(found)]
    if missing:
        raise BanwatchError(f"{path} has no column {', '.join(missing)}", f"It needs {', '.join(REQUIRED)}.")


def _csv_rows(path: Path) -> Iterator[Mapping[str, str] | WireError]:
    with _open(path) as file:
        head = file.readline()
        separator = max(",;\t", key=head.count)
        header = [name.strip().lower() for name in next(csv.reader([head], delimiter=separator), [])]
        _need_columns(header, path)
        reader = csv.reader(file, delimiter=separator)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield WireError(f"not CSV: {error}")
                continue
            if cells:
                yield dict(zip(header, cells, strict=False))


def _open(path: Path) -> IO[str]:
    # bytes that are no UTF-8 spoil their own row's text, not the file
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _parquet_rows(path: Path) -> Iterator[Mapping[str, str]]:
    import pyarrow as pa  # heavy, and needed for Parquet alone
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = {name.strip().lower(): name for name in file.schema_arrow.names}
            _need_columns(names, path)
            wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in names]
            for batch in file.iter_batches(columns=[names[name] for name in wanted], batch_size=16_384):
                columns = [batch.column(names[name]).to_pylist() for name in wanted]
                for values in zip(*columns, strict=True):
                    yield {name: _as_text(value) for name, value in zip(wanted, values, strict=True)}
    except pa.ArrowException as error:
        raise BanwatchError(f"{path} is not Parquet: {error}", "Give a CSV or Parquet file.") from error


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
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
    return _Rows().parse_untrusted(row)


class _Rows:
    """Reads rows, and shares what rows have in common: millions of them name a few thousand things."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._mechanisms: dict[str, tuple[tuple[str, ...], Layer | None]] = {}

    def parse_untrusted(self, row: Mapping[str, str]) -> Verdict:
        uid, target = (row.get("measurement_uid") or "").strip(), self._word(row, "target")
        for name, value in (("measurement_uid", uid), ("target", target)):
            if not value:
                raise WireError(f"{name} is empty")
            if len(value) > MAX_FIELD_CHARS:
                raise WireError(f"{name} has more than {MAX_FIELD_CHARS} characters")
        state = _STATES.get(self._word(row, "state").lower())
        if state is None:
            found = self._word(row, "state")[:100]
            raise WireError(f"state is {found!r}, expected one of {', '.join(State)}")
        asn = read_asn(self._word(row, "probe_asn"))
        started_at = parse_moment((row.get("measurement_start_time") or "").strip())
        mechanisms, layer = self._read_mechanisms(self._word(row, "mechanisms"))
        return Verdict(
            measurement_uid=MeasurementUid(uid),
            target=TargetName(target),
            test_name="",
            input=self._word(row, "input", _value),
            probe_cc=CountryCode(self._word(row, "probe_cc", country)),
            probe_asn=asn,
            access_tier=self._word(row, "access_tier", _value),
            report_id=self._word(row, "report_id", _value),
            probe_id=self._word(row, "probe_id", _value),
            measurement_start_time=started_at,
            # where nothing at all answered, no target is accused, whatever the row calls it
            state=State.INSUFFICIENT if layer is Layer.NETWORK else state,
            mechanisms=mechanisms,
            layer=layer,
            hop=None,
            rules=(),
            vetoed=(),
            sentence="",
            ruleset="",
            snapshots=(),
            resolver_kind=kind_of_resolver(read_asn(self._word(row, "resolver_asn")), asn),
            received_at=_received_at(row) or receipt_hour_of(uid, started_at),
            source_class=_source_class(self._word(row, "source_class", _value)),
            addresses=self._addresses(self._word(row, "addresses", _value)),
        )

    def _word(self, row: Mapping[str, str], name: str, read: Callable[[str], str] = str) -> str:
        text = (row.get(name) or "").strip()
        if len(text) > MAX_FIELD_CHARS:
            raise WireError(f"{name} has more than {MAX_FIELD_CHARS} characters")
        text = read(text)
        if len(self._words) < MAX_KEPT_WORDS:
            return self._words.setdefault(text, text)
        return self._words.get(text, text)

    def _addresses(self, text: str) -> tuple[str, ...]:
        found = sorted({name for part in text.split(";") if (name := part.strip())})[:MOST_ADDRESSES]
        return tuple(self._words.get(name, name) for name in found)

    def _read_mechanisms(self, text: str) -> tuple[tuple[str, ...], Layer | None]:
        read = self._mechanisms.get(text)
        if read is None:
            read = _mechanisms_of(text)
            if len(self._mechanisms) < MAX_KEPT_WORDS:
                self._mechanisms[text] = read
        return read


def _received_at(row: Mapping[str, str]) -> datetime | None:
    """Read the hour of receipt, from the first column that tells it."""
    for name in ("received_at", "arrived_at"):
        text = (row.get(name) or "").strip()
        if text.lower() not in _NOTHING:
            return hour_of_receipt(parse_moment(text))
    return None


def _source_class(text: str) -> SourceClass:
    """Read a class of sources; an unknown one vouches for nothing."""
    if not text:
        return SourceClass.OONI
    try:
        return SourceClass(text.lower())
    except ValueError:
        return SourceClass.ANONYMOUS


def _mechanisms_of(text: str) -> tuple[tuple[str, ...], Layer | None]:
    words = [] if text.lower() in _NOTHING else re.split(r"[;,|]", text.strip("[]{}()"))
    found = tuple(sorted({word.strip(" \t\"'") for word in words} - {""}))
    strange = [mechanism for mechanism in found if not _MECHANISM.fullmatch(mechanism)]
    if strange:
        raise WireError(f"mechanism {strange[0][:100]!r} is no dotted path")
    return found, _layer(found)


def _value(text: str) -> str:
    return "" if text.lower() in _NOTHING else text


def country(text: str) -> str:
    """Read a country, in upper or lower case."""
    return parse_country(text.upper())


def read_asn(text: str) -> Asn:
    """Read an AS number, also one that was held as a number with a fraction."""
    return parse_asn(_FRACTION.sub("", text.upper()))


def _layer(mechanisms: Sequence[str]) -> Layer | None:
    """The layer of the first mechanism; `network.shutdown` is how a row says that nothing at all answered."""
    if _SHUTDOWN in mechanisms:
        return Layer.NETWORK
    found = mechanisms[0].partition(".")[0] if mechanisms else ""
    return Layer(found) if found in _LAYERS and found != Layer.NETWORK else None


def parse_moment(text: str) -> datetime:
    """Read a time; UTC where it names no zone.

    Raises:
        WireError: it is not one.
    """
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        at = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError as error:
        raise WireError(f"time {text[:100]!r} is not RFC 3339") from error
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as error:
        raise WireError(f"time {text[:100]!r} is out of range") from error
