"""Readers' reports as they come in: what a form or a program sends, which may be anything.

Wire: an object or a form with `target` (a domain, an address of a page of which only the host is kept, or the
name of an app), and, each optional, `network` (`AS131279`), `country` (`KP`), `time` (ISO 8601; UTC where it
names no zone) and `note`.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from banwatch.model.errors import WireError
from banwatch.model.ids import Asn, CountryCode, TargetName, parse_asn
from banwatch.model.report import Claim

MAX_BYTES = 16 * 1024
"""Of a whole report: room for the longest note in percent-encoding."""
MAX_NOTE = 500
MAX_TARGET = 2048
"""Characters of what is given as a target: an address may be pasted; what is kept is a host or a name."""
_MAX_APP = 40
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=1)
"""Time by which the reader's clock may be ahead of ours."""
_FIELDS = ("target", "network", "country", "time", "note")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}", re.ASCII)
_SCHEME = re.compile(r"https?://", re.ASCII | re.IGNORECASE)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class Fields(NamedTuple):
    """Fields as they were sent, before any check."""

    target: str = ""
    network: str = ""
    country: str = ""
    time: str = ""
    note: str = ""


class _Wire(msgspec.Struct, frozen=True, kw_only=True):
    target: str
    network: str | int = ""
    country: str = ""
    time: str = ""
    note: str = ""


def parse_form_untrusted(body: bytes) -> Fields:
    """Read a form as browsers send it (`application/x-www-form-urlencoded`).

    Raises:
        WireError: it is none, too large, or says something twice.
    """
    if len(body) > MAX_BYTES:
        raise WireError("the report is too long")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise WireError("the form cannot be read") from error
    filled = [(name, value) for name, value in pairs if name in _FIELDS]
    if len(dict(filled)) != len(filled):
        raise WireError("the form says something twice")
    return Fields(**dict(filled))


def parse_json_untrusted(body: bytes) -> Fields:
    """Read the same from JSON.

    Raises:
        WireError: it is none, too large, or has no target.
    """
    if len(body) > MAX_BYTES:
        raise WireError("the report is too long")
    try:
        wire = msgspec.json.decode(body, type=_Wire)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError("the report is not JSON with a target, network, country, time and note") from error
    return Fields(wire.target, str(wire.network), wire.country, wire.time, wire.note)


def read_claim_untrusted(fields: Fields, now: datetime) -> Claim:
    """Believe what can be believed of a report.

    Args:
        fields: what was sent.
        now: the present, in UTC.

    Raises:
        WireError: a field is not what it should be; the reason is a sentence for whoever filled it in.
    """
    return Claim(
        target=_target(fields.target),
        probe_cc=_country(fields.country),
        probe_asn=_network(fields.network),
        seen_at=_hour(fields.time, now),
        note=_note(fields.note),
    )


def clean(text: str) -> str:
    """Drop what is not seen (control and format characters) and make all space single spaces."""
    kept = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return " ".join(kept.split())


def _target(given: str) -> TargetName:
    if len(given) > MAX_TARGET:
        raise WireError("The target is too long")
    text = clean(given)
    rest = _SCHEME.sub("", text, count=1)
    is_address = rest != text
    # Only the host: the rest of an address may say who the reader is.
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not host:
        raise WireError("Say what does not open: a domain such as example.com, or the name of an app")
    if is_address or "." in host:
        return TargetName(_domain(host.rpartition(":")[0] if re.search(r":\d{1,5}$", host) else host))
    if rest != host or len(host) > _MAX_APP or not _is_app_name(host):
        raise WireError("The target must be a domain such as example.com, or the name of an app")
    return TargetName(host.lower())


def _is_app_name(text: str) -> bool:
    return any(map(str.isalpha, text)) and all(char.isalnum() or char in " +-_" for char in text)


def _domain(host: str) -> str:
    name = host.rstrip(".").lower()
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    plain = len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    if not plain or len(labels) < 2 or not _TOP.fullmatch(labels[-1]):
        raise WireError("The target is not a domain such as example.com")
    return name


def _network(given: str) -> Asn:
    text = clean(given[:100]).upper().replace(" ", "")
    asn = parse_asn(text)
    if text and not asn:
        raise WireError("The network must be an AS number such as AS131279, or be left empty")
    return asn


def _country(given: str) -> CountryCode:
    text = clean(given[:100]).upper()
    if text and not _COUNTRY.fullmatch(text):
        raise WireError("The country must be two letters such as KP, or be left empty")
    return CountryCode(text)


def _hour(given: str, now: datetime) -> datetime:
    text = clean(given[:100]).replace(" ", "T", 1)
    try:
        at = datetime.fromisoformat(text) if text else now
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WireError("The time must look like 2026-01-15T18:00 (UTC), or be left empty") from error
    if not _EARLIEST <= at <= now + _AHEAD:
        raise WireError("The time must lie between the year 2000 and now")
    return at.replace(minute=0, second=0, microsecond=0)


def _note(given: str) -> str:
    text = clean(given)
    if len(text) > MAX_NOTE:
        raise WireError(f"The note has {len(text)} characters; at most {MAX_NOTE} are taken")
    return text
