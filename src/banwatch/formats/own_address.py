"""Addresses of probes in measurement lines, and lines from which every copy of them was taken out.

OONI's probes wrote their own address into `probe_ip` where the person allowed it, until about 2020; block
pages, headers and answers repeat it. A scrubbed line has `127.0.0.1` in `probe_ip`, `[scrubbed]` elsewhere,
and the key `x_scrubbed` with the number of values that were changed.
"""

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from banwatch.formats.ooni.wire import WireMeasurement
from banwatch.formats.scrub import SCRUBBED, scrubber

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
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        addresses += _about_itself(value)
    bare = list(dict.fromkeys(text.strip().strip("[]").partition("%")[0] for text in addresses))
    walk = _Walk(bare)
    scrubbed = walk.over_line(line)
    return scrubbed if walk.changed or walk.is_in(line) else line


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
_ANY_V4 = re.compile(rb"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])")
_ANY_V6 = re.compile(rb"(?<![0-9a-f:])(?:[0-9a-f]{1,4}:){2,7}[0-9a-f:]{1,20}(?![0-9a-f])", re.IGNORECASE)


def _about_itself(value: dict[str, Any]) -> list[str]:
    """Find the addresses that a probe gives as its names."""
    texts = [value.get(key) for key in _ABOUT_ITSELF]
    annotations = value.get("annotations")
    if isinstance(annotations, dict):
        texts += [*annotations, *annotations.values()]
    return [text for text in texts if isinstance(text, str) and is_address(text)]


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
    """Walk over the values of a line that replaces the copies of some addresses."""

    def __init__(self, addresses: list[str]) -> None:
        self._scrub: Callable[[bytes], bytes] = scrubber(addresses)
        self._packed = [ipaddress.ip_address(text).packed for text in addresses]
        self._numbers = {int(ipaddress.ip_address(text)) for text in addresses}
        self.changed = 0

    def is_in(self, line: bytes) -> bool:
        """Whether an address stands in the bytes of a line, also under a key that comes twice."""
        return self._scrub(line) != line

    def over_line(self, line: bytes) -> bytes:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return self._scrub(line)
        if not isinstance(value, dict):
            return self._scrub(line)
        if isinstance(value.get("probe_ip"), str) and value["probe_ip"] != PLACEHOLDER:
            value["probe_ip"] = PLACEHOLDER
            self.changed += 1
        try:
            value = self._over(value)
        except RecursionError:
            return self._scrub(line)
        value[FACT] = {"values": self.changed}
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        except UnicodeEncodeError:  # a lone surrogate, which only an escape can spell
            return json.dumps(value, separators=(",", ":")).encode("ascii")

    def _over(self, value: Any, key: str = "") -> Any:
        if key == _RESOLVER and isinstance(value, str) and is_address(value):
            self.changed += 1
            return SCRUBBED.decode("ascii")
        if isinstance(value, str):
            return self._over_response(value) if key == "raw_response" else self._over_text(value)
        if isinstance(value, dict):
            if value.get("format") == "base64" and isinstance(value.get("data"), str):
                return {**value, "data": self._over_base64(value["data"])}
            return {self._over_text(name): self._over(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._over(inner, key) for inner in value]
        if isinstance(value, int) and value in self._numbers and not isinstance(value, bool):
            self.changed += 1
            return 0
        return value

    def _over_text(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        scrubbed = self._scrub(data)
        if scrubbed == data:
            return text
        self.changed += 1
        return scrubbed.decode("utf-8", "surrogatepass")

    def _over_base64(self, text: str) -> str:
        try:
            data = base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return self._over_text(text)
        scrubbed = self._scrub(data)
        if scrubbed == data:
            return text
        self.changed += 1
        return base64.b64encode(scrubbed).decode("ascii")

    def _over_response(self, text: str) -> str | None:
        """Drop a DNS message that holds the address as bytes: its other facts stand in the answers."""
        try:
            data = base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return self._over_text(text)
        if any(packed in data for packed in self._packed) or self._scrub(data) != data:
            self.changed += 1
            return None
        return text
