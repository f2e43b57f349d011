"""Tables of known block pages and forged answers, in the columns of OONI's blocking-fingerprints."""

import csv
import io

from banwatch.model.errors import WireError
from banwatch.model.ids import CountryCode, parse_country
from banwatch.model.reference import Fingerprint

MAX_TABLE_BYTES = 64 * 1024 * 1024
"""Largest table read; today's two take 0.3 MiB."""

_COLUMNS = frozenset({"name", "scope", "location_found", "pattern_type", "pattern"})
_PATTERN_TYPES = frozenset({"full", "prefix", "contains", "regexp"})
_MAX_PATTERN = 4096
_SURE = 5


def parse_fingerprints_untrusted(table: bytes) -> list[Fingerprint]:
    """Parse a CSV table of fingerprints.

    Wire: columns `name, scope, other_names, location_found, pattern_type, pattern, confidence_no_fp,
    expected_countries, source, exp_url, notes`, in any order; unknown columns are skipped.

    Raises:
        WireError: too large, no such table, or a row that cannot be a fingerprint; names its line.
    """
    if len(table) > MAX_TABLE_BYTES:
        raise WireError(f"a table of {len(table)} bytes is larger than {MAX_TABLE_BYTES}")
    try:
        reader = csv.DictReader(io.StringIO(table.decode("utf-8-sig")), strict=True)
        columns = set(reader.fieldnames or ())
        if not columns >= _COLUMNS:
            raise WireError(f"no table of fingerprints: there is no column {min(_COLUMNS - columns)!r}")
        return [_read_row(row, reader.line_num) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise WireError(f"no CSV table: {error}") from None


def is_fingerprint_table(beginning: bytes) -> bool:
    """Whether a file begins like a table of fingerprints."""
    heading = beginning.partition(b"\n")[0].decode("utf-8", "replace").lstrip("\ufeff")
    return set(heading.strip().split(",")) >= _COLUMNS


def _read_row(row: dict[str, str | None], line: int) -> Fingerprint:
    def cell(name: str) -> str:
        value = row.get(name)
        return value if isinstance(value, str) else ""

    pattern_type, pattern, location = cell("pattern_type"), cell("pattern"), cell("location_found")
    if pattern_type not in _PATTERN_TYPES:
        raise WireError(f"line {line}: unknown pattern type {pattern_type!r}")
    if not cell("name") or not pattern or len(pattern) > _MAX_PATTERN:
        raise WireError(f"line {line}: a name and a pattern of at most {_MAX_PATTERN} characters are needed")
    if location not in ("dns", "body") and not location.startswith("header."):
        raise WireError(f"line {line}: unknown place {location!r}")
    countries = (parse_country(code.strip().upper()) for code in cell("expected_countries").split(","))
    confidence = cell("confidence_no_fp")
    return Fingerprint(
        name=cell("name"),
        scope=cell("scope"),
        location=location,
        pattern_type=pattern_type,
        pattern=pattern,
        expected_countries=tuple(code for code in countries if code != CountryCode("ZZ")),
        confidence_no_fp=int(confidence) if confidence.isdecimal() else _SURE,
        source=cell("source"),
    )
