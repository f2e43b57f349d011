"""Bytes to `WireMeasurement` and back.

The straight way is one typed decode. A line that it refuses (a wrong type, a lone surrogate, a stray byte)
goes the long way: it is read without types and fitted value by value, so that an odd value costs its own
field and nothing else.
"""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import msgspec

from banwatch.formats.json_text import count_values
from banwatch.formats.ooni.fitting import fit
from banwatch.formats.ooni.wire import WireMeasurement
from banwatch.model.errors import WireError

MAX_LINE_BYTES = 32 * 1024 * 1024
"""Longest line read. The probe's largest, a dozen bodies of 512 KiB with certificates, is under 16 MiB."""

MAX_VALUES = 300_000
"""Most values in a line; the most in OONI's archive, with 10,000 network events, are below 150,000.

A value of three bytes takes 100 and more in memory: 32 MiB of `{},{},` would take gigabytes.
"""
_EARLIEST_YEAR = 2000
"""OONI's archive begins in 2012; a year before this one is a clock that was never set."""
_LATEST_YEAR = 2100
"""A year after this one is a clock or a program that is broken."""
_LONGEST_DAY = 10
"""Characters of `YYYY-mm-dd`: a day alone says nothing of the hour, and the test's start is better."""
_EPOCH = re.compile(r"[0-9]{9,10}(\.[0-9]{1,9})?|[0-9]{13}", re.ASCII)
_DIGITS_OF_MS = 13
_LEAP = re.compile(r":[0-9]{2}:60$", re.ASCII)
_UID = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
_TEST_NAME = re.compile(r"[a-z0-9_]{2,48}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)

_decoder = msgspec.json.Decoder(WireMeasurement)
_encoder = msgspec.json.Encoder()


def decode_untrusted(line: bytes) -> WireMeasurement:
    """Decode one line of a stranger's.

    Args:
        line: the JSON text of one measurement, with or without its newline.

    Returns:
        The measurement, with a `measurement_uid`: its own, or one computed from the line.

    Raises:
        WireError: too long, no JSON object, or without the name of its nettest or its time.
    """
    if len(line) > MAX_LINE_BYTES:
        raise WireError(f"line of {len(line)} bytes is longer than {MAX_LINE_BYTES}")
    check_values_untrusted(line)
    try:
        wire = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        wire = _decode_the_long_way(line)
    except RecursionError:
        raise WireError("nested too deeply") from None
    if not wire.test_name or not _TEST_NAME.fullmatch(wire.test_name):
        raise WireError("test_name is missing or malformed")
    started_at = parse_time(wire.measurement_start_time) or parse_time(wire.test_start_time)
    if started_at is None:
        raise WireError("measurement_start_time is missing or malformed")
    if wire.measurement_uid is None or not _UID.fullmatch(wire.measurement_uid):
        wire = msgspec.structs.replace(wire, measurement_uid=_compute_uid(wire, started_at, line))
    return wire


def check_values_untrusted(line: bytes) -> None:
    """Check that a text has no more values than memory is given for, before it is decoded.

    Raises:
        WireError: it has more.
    """
    if len(line) < 3 * MAX_VALUES // 2:
        return
    if line.count(b",") + line.count(b"{") + line.count(b"[") <= MAX_VALUES:
        return  # marks inside of strings are among them, so that this is quick and never too low
    if count_values(line, MAX_VALUES) > MAX_VALUES:
        raise WireError(f"more than {MAX_VALUES} values")


def encode(wire: WireMeasurement) -> bytes:
    """Encode as one line without a newline."""
    return _encoder.encode(wire)


def parse_time(text: str | None) -> datetime | None:
    """Read a time as UTC; None where it is no plausible time, or a day alone.

    Read are `YYYY-mm-dd HH:MM:SS` and other spellings of ISO 8601, also with ` UTC` or a leap second, and the
    seconds or milliseconds since 1970 that ooniprobe wrote until 2016.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text) if len(text) > _LONGEST_DAY else None
        if at is not None:
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    at = at or _parse_other_time(text.strip())
    return at if at is not None and _EARLIEST_YEAR <= at.year <= _LATEST_YEAR else None


def starts_at_its_test(wire: WireMeasurement) -> bool:
    """Whether the start of the test stands in the place of a measurement's own time, which cannot be read."""
    return parse_time(wire.measurement_start_time) is None


def _parse_other_time(text: str) -> datetime | None:
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(float(text) / (1000 if len(text) == _DIGITS_OF_MS else 1), UTC)
        bare = text.removesuffix(" UTC")
        leaps = _LEAP.search(bare) is not None
        if bare != text or leaps:
            second = timedelta(seconds=leaps)
            at = datetime.fromisoformat(f"{bare[:-3]}:59" if second else bare)
            return (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)) + second
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _decode_the_long_way(line: bytes) -> WireMeasurement:
    try:
        value = json.loads(line.decode("utf-8", "replace"))
        if not isinstance(value, dict):
            raise WireError("not a JSON object")
        wire = fit(value, WireMeasurement)
    except RecursionError:
        raise WireError("nested too deeply") from None
    except WireError:
        raise
    except ValueError as error:
        raise WireError(f"not JSON: {str(error)[:120]}") from None
    return wire


def _compute_uid(wire: WireMeasurement, started_at: datetime, line: bytes) -> str:
    """Name a measurement that has no name, from its content alone, in the shape of OONI's own uids."""
    country = wire.probe_cc if wire.probe_cc and _COUNTRY.fullmatch(wire.probe_cc) else "ZZ"
    name = (wire.test_name or "").replace("_", "")
    digest = hashlib.sha512(line.strip()).hexdigest()[:16]
    return f"{started_at:%Y%m%d%H%M%S.%f}_{country}_{name}_{digest}"
