"""Addresses of probes in measurement lines, and lines from which every copy of them was taken out.

OONI's probes wrote their own address into `probe_ip` where the person allowed it, until about 2020; block
pages, headers and answers repeat it. A scrubbed line has `127.0.0.1` in `probe_ip`, `[scrubbed]` elsewhere,
and the key `x_scrubbed` with the number of values that were changed.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable

import msgspec

from banwatch.formats.json_text import JsonString, escape, find_strings, pieces_of, unescape
from banwatch.formats.ooni.wire import WireMeasurement
from banwatch.formats.scrub import SCRUBBED, scrubber
from banwatch.formats.unwrapping.packed_body import rewrite_packed

PLACEHOLDER = "127.0.0.1"
"""Value of `probe_ip` that OONI's probes write in place of an address."""
FACT = "x_scrubbed"
"""Key of a line from which an address was taken out."""
_NAME = b"probe_ip"
_FIELD = re.compile(rb'"probe_ip"\s*:\s*"([^"\\]{2,64})"')
_NOBODY = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
            *("::/127", "fc00::/7", "fe80::/10"),
        ),
    )
)
"""Networks whose addresses identify nobody outside of a house: RFC 1918, RFC 4193, loopback, link-local."""


def names_probe(wire: WireMeasurement) -> bool:
    """Whether a decoded measurement holds an address of its probe; this costs nothing per line."""
    return wire.probe_ip is not None and wire.probe_ip != PLACEHOLDER and is_address(wire.probe_ip)


def is_address(text: str) -> bool:
    """Whether a text is an address that may identify a person."""
    try:
        ip = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return not any(ip in network for network in _NOBODY if network.version == ip.version)


def addresses_in(line: bytes) -> list[str]:
    """Find the addresses that a line gives for its probe, also where the key stands more than once."""
    if _NAME not in line:
        return []
    found = dict.fromkeys(match[1].decode("ascii", "replace") for match in _FIELD.finditer(line))
    return [text for text in found if is_address(text)]


def scrub_line(line: bytes, also: tuple[str, ...] = ()) -> bytes:
    """Take the probe's address out of a line, with every copy of it.

    Args:
        line: JSON of a measurement; text that is no JSON is scrubbed as text.
        also: further addresses of the probe, such as one that a decoder found under an escaped key.

    Returns:
        The very same object where there is nothing to take out.
    """
    addresses = [*addresses_in(line), *filter(is_address, also)]
    if not addresses:
        return line
    bare = [text.strip().strip("[]").partition("%")[0] for text in addresses]
    return _Walk(bare).over_line(line)


def scrub_submission(line: bytes, sender: str) -> bytes:
    """Take the addresses of a person out of a submission, wherever they stand.

    These are the address that the submission came from and those that it gives as its probe's, in every
    spelling and in every value; and any address in a place where only the probe speaks about itself.

    Args:
        line: JSON of a measurement.
        sender: address of the client; empty where there is none.

    Returns:
        The very same object where there is nothing to take out.
    """
    addresses = [*addresses_in(line), *filter(is_address, [sender])]
    addresses += _about_itself(line)
    bare = list(dict.fromkeys(text.strip().strip("[]").partition("%")[0] for text in addresses))
    return _Walk(bare).over_line(line)


def scrub_text(data: bytes, sender: str) -> bytes:
    """Take every address out of bytes that are no measurement, and the sender's in every spelling."""
    bare = [sender.strip("[]").partition("%")[0]] if is_address(sender) else []
    return _ANY_V6.sub(SCRUBBED, _ANY_V4.sub(SCRUBBED, scrubber(bare)(data)))


_ABOUT_ITSELF = (
    *("id", "measurement_uid", "probe_id", "probe_city", "probe_network_name", "report_id"),
    *("report_filename", "software_name", "software_version", "test_version", "backend_version"),
)
"""Keys of a measurement in which only the probe speaks, and no address of a site or resolver belongs."""
_RESOLVER = "client_resolver"
"""Key of old measurements: a resolver in a person's house or at a provider; `resolver_ip` serves now."""
_BASE64_KEYS = frozenset({"data", "raw_response"})
_SPECIAL_KEYS = _BASE64_KEYS | {"probe_ip", _RESOLVER}
_SHORTEST_BASE64 = 12
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}+={0,2}")
_LONGEST_ADDRESS_BYTES = 512
"""An IPv6 address with its zone, each letter as an escape of six bytes."""
_STRIDE_BYTES, _OVERLAP_BYTES = 1 << 18, 512
_FACT_LAST = re.compile(rb',\s*"x_scrubbed"\s*:\s*\{\s*"values"\s*:\s*([0-9]{1,9})\s*\}\s*\}$')
_ANY_V4 = re.compile(rb"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])")
_ANY_V6 = re.compile(rb"(?<![0-9a-f:])(?:[0-9a-f]{1,4}:){2,7}[0-9a-f:]{1,20}(?![0-9a-f])", re.IGNORECASE)


def _about_itself(line: bytes) -> list[str]:
    """Find the addresses that a probe gives as its names, also where a key stands more than once."""
    texts = [
        unescape(string.content).decode("utf-8", "replace")
        for string in find_strings(line)
        if (string.top_key == "annotations" or (string.depth <= 1 and string.key in _ABOUT_ITSELF))
        and len(string.content) <= _LONGEST_ADDRESS_BYTES
    ]
    return [text for text in texts if is_address(text)]


class _Fact(msgspec.Struct):
    x_scrubbed: dict[str, int] | None = None


def count_scrubbed(line: bytes) -> int:
    """Count the values of a line from which an address was taken out."""
    if FACT.encode() not in line:
        return 0
    try:
        fact = msgspec.json.decode(line, type=_Fact).x_scrubbed
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0
    return max(0, (fact or {}).get("values", 0))


class _Walk:
    """Walk over the strings of a line that replaces the copies of some addresses."""

    def __init__(self, addresses: list[str]) -> None:
        self._scrub: Callable[[bytes], bytes] = scrubber(addresses)
        self._packed = [ipaddress.ip_address(text).packed for text in addresses]
        self._numbers = [str(int(ipaddress.ip_address(text))).encode() for text in addresses]
        self._is_plain = False
        self.changed = 0

    def over_line(self, line: bytes) -> bytes:
        """Take the addresses out; the very same object where there is none."""
        self._is_plain = self._stands_plainly(line)
        numbers = [number for number in self._numbers if number in line]
        parts: list[bytes] = []
        at = 0
        for string in find_strings(line):
            written = self._over_string(string)
            if written is None and not numbers:
                continue
            between = line[at : string.start]
            for number in numbers:
                between = self._over_number(number, between)
            parts += [between, line[string.start : string.end] if written is None else written]
            at = string.end
        rest = line[at:]
        for number in numbers:
            rest = self._over_number(number, rest)
        if not self.changed:
            return line
        parts.append(rest)
        return _with_fact(b"".join(parts), self.changed)

    def _stands_plainly(self, line: bytes) -> bool:
        """Whether an address stands in the bytes of a line as they are; nearly always this settles it."""
        starts = range(0, max(1, len(line)), _STRIDE_BYTES)
        pieces = (line[start : start + _STRIDE_BYTES + _OVERLAP_BYTES] for start in starts)
        return any(self._scrub(piece) != piece for piece in pieces)

    def _over_string(self, string: JsonString) -> bytes | None:
        """Return a string's new text; None where it stays."""
        content = string.content
        has_escapes = b"\\" in content
        if not string.is_key and (string.key in _SPECIAL_KEYS or len(content) >= _SHORTEST_BASE64):
            if string.key == "probe_ip" and string.depth <= 1 and content != PLACEHOLDER.encode():
                self.changed += 1
                return f'"{PLACEHOLDER}"'.encode()
            if string.key == _RESOLVER and is_address(unescape(content[:128]).decode("utf-8", "replace")):
                self.changed += 1
                return b'"' + SCRUBBED + b'"'
            if string.key in _BASE64_KEYS or _BASE64.fullmatch(content):
                packed = self._over_base64(unescape(content), is_response=string.key == "raw_response")
                if packed is not None:
                    return packed
        if not self._is_plain and not has_escapes:
            return None
        if len(content) <= _STRIDE_BYTES:
            written = self._over_piece(content)
            self.changed += written is not None
            return None if written is None else b'"' + written + b'"'
        scrubbed = [self._over_piece(piece) for piece in pieces_of(content)]
        if all(piece is None for piece in scrubbed):
            return None
        self.changed += 1
        kept = (old if new is None else new for old, new in zip(pieces_of(content), scrubbed, strict=True))
        return b'"' + b"".join(kept) + b'"'

    def _over_piece(self, content: bytes) -> bytes | None:
        data = unescape(content)
        scrubbed = self._scrub(data)
        return escape(scrubbed) if scrubbed != data else None

    def _over_number(self, number: bytes, between: bytes) -> bytes:
        replaced, count = re.subn(rb"(?<![0-9.eE+-])" + number + rb"(?![0-9.eE])", b"0", between)
        self.changed += count
        return replaced

    def _over_base64(self, text: bytes, *, is_response: bool) -> bytes | None:
        """Scrub encoded bytes.

        A DNS message that holds the address as bytes is dropped, for its other facts stand in the answers.
        """
        try:
            data = base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return None
        scrubbed = rewrite_packed(data, self._scrub)
        if scrubbed is data:
            scrubbed = self._scrub(data)
        if is_response and (scrubbed != data or any(packed in data for packed in self._packed)):
            self.changed += 1
            return b"null"
        if scrubbed == data:
            return None
        self.changed += 1
        return b'"' + base64.b64encode(scrubbed) + b'"'


def _with_fact(line: bytes, values: int) -> bytes:
    """Write into a measurement how many of its values were changed; text that is none stays without."""
    bare = line.strip()
    if not (bare.startswith(b"{") and bare.endswith(b"}")):
        return line
    earlier = _FACT_LAST.search(bare)
    if earlier is not None:
        bare = bare[: earlier.start()] + b"}"
        values += int(earlier[1])
    return bare[:-1].rstrip() + f',"{FACT}":{{"values":{values}}}}}'.encode()
