"""Submissions of probes, read and named as lines for the archive, with no file or network.

Wire: a submission by OONI's protocol is `{"format": "json", "content": {...}}`, its content a measurement; a
sealed one is the box of `probe.spool.sealing` around a measurement line.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
import zstandard

from banwatch.collector.report_ids import check_agreement
from banwatch.formats.ooni import decode_untrusted
from banwatch.formats.ooni.decode import check_values_untrusted
from banwatch.formats.ooni.reading import read_text
from banwatch.formats.own_address import scrub_submission
from banwatch.model.errors import WireError
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY, Asn, CountryCode, parse_asn, parse_country
from banwatch.pipeline.files.sources import ReadLimits
from banwatch.probe.spool.sealing import SEAL_BYTES, SMALLEST_BYTES, unseal_with_any_untrusted

MAX_SUBMISSION_BYTES = 6 << 20
"""Longest measurement that is taken from strangers, unpacked.

OONI's probe follows ten redirects and keeps 512 KiB of each page, ours less. While a measurement is read it
takes up to seven times its bytes of memory, and one request may take 64 MiB. Longer lines of an archive are
brought in with `banwatch ingest`.
"""
MAX_SEALED_BODY_BYTES = (8 << 20) + 1024
"""Longest sealed measurement: packed, JSON is shorter, and its size is padded to a power of two."""
READ_LIMITS = ReadLimits(line_bytes=MAX_SUBMISSION_BYTES, window_bytes=8 << 20, zip_directory_bytes=1 << 20)
"""Limits of files that strangers send: 8 MiB is the window of `zstd -19`."""
_UNPACKED_AT_ONCE_BYTES = 1 << 20
_UID_LAST = re.compile(rb',"measurement_uid":"(\d{14}\.\d{6})_([A-Z]{2})_([a-z0-9]{1,64})_([0-9a-f]{16})"\}$')
"""End of a line by our probe: an id made from all bytes before it."""
_NO_ADDRESS = msgspec.Raw(b'"127.0.0.1"')
_Shape = TypeVar("_Shape")
_EMPTY = (msgspec.Raw(b"null"), msgspec.Raw(b'""'))


@dataclass(frozen=True, slots=True)
class Line:
    """Line of an accepted measurement."""

    data: bytes
    """One line of JSON, without a newline."""
    measurement_uid: str
    """Id of its content, by which a measurement that is sent twice counts once."""
    report_id: str = ""
    probe_cc: CountryCode = UNKNOWN_COUNTRY
    """Country that the measurement names."""
    probe_asn: Asn = UNKNOWN_ASN
    """Network that it names."""
    nym: str = ""
    """Pseudonym that the sender proved; empty where it proved none."""


class _Submission(msgspec.Struct, frozen=True, kw_only=True):
    content: msgspec.Raw = msgspec.Raw()
    format: str = "json"


class RefusedError(Exception):
    """Refused submission, with an HTTP status and a reason."""

    def __init__(self, status: int, reason: str, retry_after_s: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.headers: dict[str, str] = {}
        """Further headers of the answer."""


def unpack_untrusted(body: bytes, encoding: str, limit: int = MAX_SUBMISSION_BYTES) -> bytes:
    """Undo the `Content-Encoding` of a body.

    Raises:
        WireError: the body is damaged, or unpacks to more than the limit.
        RefusedError: the encoding is not supported.
    """
    try:
        if encoding in ("", "identity"):
            unpacked = body
        elif encoding == "gzip":
            unpacked = _gunzip(body, limit)
        elif encoding == "zstd":
            with zstandard.ZstdDecompressor(max_window_size=1 << 23).stream_reader(body) as reader:
                unpacked = reader.read(limit + 1)
        else:
            raise RefusedError(415, "bodies are taken as they are, or packed with gzip or zstd")
    except (zlib.error, zstandard.ZstdError) as error:
        raise WireError(f"the body does not unpack: {str(error)[:100]}") from None
    if len(unpacked) > limit:
        raise WireError(f"a measurement of more than {limit} bytes")
    return unpacked


def _gunzip(body: bytes, limit: int) -> bytes:
    """Unpack up to one byte more than the limit, in pieces: at once it would be held twice."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = bytearray()
    while not unpacker.eof and len(unpacked) <= limit:
        piece = unpacker.decompress(body, min(_UNPACKED_AT_ONCE_BYTES, limit + 1 - len(unpacked)))
        body = unpacker.unconsumed_tail
        if not piece and not body and not unpacker.eof:
            raise WireError("the body is cut short")
        unpacked += piece
    return bytes(unpacked)


def decode_request_untrusted(body: bytes, shape: type[_Shape]) -> _Shape:
    """Decode a request of a probe.

    Raises:
        WireError: it is no JSON of that shape, or nested too deeply.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(str(error)[:120]) from None
    except RecursionError:
        raise WireError("nested too deeply") from None


def read_submission_untrusted(
    body: bytes,
    report_id: str = "",
    name_report: Callable[[bytes], str] | None = None,
    *,
    sender: str = "",
) -> Line:
    """Read a submission by OONI's protocol.

    Args:
        body: body of the request, unpacked.
        report_id: report of the submission, which the measurement has to name; empty where there is none.
        name_report: makes the id of a report of this measurement alone, from its content.
        sender: address that the submission came from, which is taken out of it.

    Raises:
        WireError: the body is no measurement, or one of another report.
    """
    check_values_untrusted(body)
    try:
        submission = msgspec.json.decode(body, type=_Submission)
        content = bytes(submission.content) or body  # some clients send the measurement without the envelope
        if content.startswith(b'"'):  # OONI's newer probes send the measurement as text
            content = msgspec.json.decode(content, type=str).encode()
            check_values_untrusted(content)
        fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"no submission: {str(error)[:120]}") from None
    except RecursionError:
        raise WireError("nested too deeply") from None
    if submission.format != "json":
        raise WireError("only the format json is taken")
    if report_id:
        content, fields = _in_report(content, fields, report_id)
    if name_report is not None:
        report_id = name_report(content)
        fields["report_id"] = msgspec.Raw(msgspec.json.encode(report_id))
        content = msgspec.json.encode(fields)
    return replace(read_line_untrusted(content, fields, sender), report_id=report_id)


def _in_report(
    content: bytes, fields: dict[str, msgspec.Raw], report_id: str
) -> tuple[bytes, dict[str, msgspec.Raw]]:
    """Check a measurement against the report that it was sent to, and name that where it names none.

    Raises:
        WireError: it names another report, or differs from what this one was opened for.
    """
    named = _text(fields.get("report_id"))
    if named and named != report_id:
        raise WireError(
            f"sent to the report {report_id}, the measurement names another report: {named[:128]}"
        )
    check_agreement(
        report_id,
        *(_text(fields.get("test_name")), _text(fields.get("probe_cc"))),
        _text(fields.get("probe_asn")),
    )
    if named:
        return content, fields
    fields = {**fields, "report_id": msgspec.Raw(msgspec.json.encode(report_id))}
    return msgspec.json.encode(fields), fields


def hold_sealed_untrusted(body: bytes) -> Line:
    """Make a line of a sealed measurement as it is, to be opened on another machine.

    Raises:
        WireError: it has not the size of a sealed measurement.
    """
    padded_bytes = len(body) - SEAL_BYTES
    if padded_bytes < SMALLEST_BYTES or padded_bytes & (padded_bytes - 1):
        raise WireError("no sealed measurement: it has none of their sizes")
    return Line(b'{"sealed":"%s"}' % base64.b64encode(body), "")


def read_held_untrusted(line: bytes, private_keys: Sequence[bytes]) -> Line:
    """Open what `hold_sealed_untrusted` kept.

    Raises:
        WireError: it is not sealed to one of these keys, damaged, or no measurement.
    """
    try:
        body = base64.b64decode(msgspec.json.decode(line, type=dict[str, str])["sealed"], validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise WireError(f"no sealed measurement: {type(error).__name__}") from None
    return read_sealed_untrusted(body, private_keys)


def read_sealed_untrusted(body: bytes, private_keys: Sequence[bytes], sender: str = "") -> Line:
    """Open and read a measurement that is sealed to one of some keys.

    Raises:
        WireError: it is not sealed to one of them, damaged, or no measurement.
    """
    line = unseal_with_any_untrusted(body, private_keys, MAX_SUBMISSION_BYTES)
    check_values_untrusted(line)
    try:
        fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(f"no measurement: {str(error)[:120]}") from None
    except RecursionError:
        raise WireError("nested too deeply") from None
    return read_line_untrusted(line, fields, sender)


def read_line_untrusted(line: bytes, fields: Mapping[str, msgspec.Raw], sender: str = "") -> Line:
    """Check that a measurement can be read, and name it by its content.

    An id in the measurement counts only where it was made from the content, so that no sender can take the id
    of another measurement before that arrives. The address of the probe, if present, is removed, with every
    copy of it.

    Args:
        line: JSON of the measurement, over any number of lines.
        fields: its keys and values, with changes made after the line was read.
        sender: address that the line came from, which is taken out as well; empty where there is none.

    Raises:
        WireError: it is no measurement.
    """
    scrubbed = scrub_submission(line, sender)
    if scrubbed is not line:
        line, fields = scrubbed, {**msgspec.json.decode(scrubbed, type=dict[str, msgspec.Raw])}
    named = _UID_LAST.search(line)
    if named is not None and _is_own(line, named) and b"\n" not in line and _keeps_addresses_out(fields):
        return _checked(line)
    kept = {name: value for name, value in fields.items() if name != "measurement_uid"}
    if not _keeps_addresses_out(kept):
        kept["probe_ip"] = _NO_ADDRESS
    data = msgspec.json.encode(kept)
    if b"\n" in data or b"\r" in data:  # raw values keep white space; JSON strings hold no line break
        data = data.replace(b"\n", b" ").replace(b"\r", b" ")
    return _checked(data)


def _checked(line: bytes) -> Line:
    """Read a line; one that says it was made in a lab is put aside.

    Raises:
        WireError: it is no measurement, or of a lab.
    """
    wire = decode_untrusted(line)
    if read_text((wire.annotations or {}).get("lab")).strip():
        raise WireError(
            "the measurement says that it was made in a lab: bring those in with `banwatch ingest`"
        )
    return Line(
        line,
        wire.measurement_uid or "",
        probe_cc=parse_country(wire.probe_cc),
        probe_asn=parse_asn(str(wire.probe_asn) if wire.probe_asn is not None else None),
    )


def _is_own(line: bytes, named: "re.Match[bytes]") -> bool:
    content = line[: named.start()] + b"}"
    return hashlib.sha512(content).hexdigest()[:16].encode() == named[4]


def _keeps_addresses_out(fields: Mapping[str, msgspec.Raw]) -> bool:
    given = fields.get("probe_ip")
    return given is None or given == _NO_ADDRESS or given in _EMPTY


def _text(raw: msgspec.Raw | None) -> str:
    try:
        return msgspec.json.decode(raw, type=str) if raw is not None else ""
    except msgspec.DecodeError:
        return ""
