"""Pace of the site's own page, which a report's other measurements are compared with (`judge.reports`).

OONI's probe compares nothing by itself. Another page that came from the same prefix, in the same report, came
over the same network and nearly the same path.
"""

from ipaddress import ip_address, ip_network
from typing import TypedDict

from banwatch.judge.thresholds import PACED_SKEW, THROTTLE_FLOOR_BPS, THROTTLE_MIN_BYTES
from banwatch.judge.weighing.parts import MeasurementParts
from banwatch.model.observation import Observation

_BITS = 8
_KILO = 1000
_PREFIX_BITS = {4: 24, 6: 48}
"""Shortest prefixes that networks announce to each other: what lies within is reached by one path."""


class PaceColumns(TypedDict):
    """Columns of `Evidence` with these names."""

    page_prefix: str
    page_kbit_s: int | None
    page_paced: bool


_UNKNOWN: PaceColumns = {"page_prefix": "", "page_kbit_s": None, "page_paced": False}


def find_page_pace(parts: MeasurementParts) -> PaceColumns:
    """Find from where and how fast the last page came, if it came whole and from a genuine address."""
    page = parts.last_page
    if page is None or page.failure is not None or page.ip is None or parts.is_false(page.ip):
        return _UNKNOWN
    bps = _rate_bps(page)
    if bps is None or bps < _KILO:
        return _UNKNOWN
    slow = bps < THROTTLE_FLOOR_BPS
    paced = slow and page.pace_skew is not None and page.pace_skew <= PACED_SKEW
    if slow and not paced:
        return _UNKNOWN  # waits and heaps are the server's
    whole = int(bps) // _KILO
    return {
        "page_prefix": _prefix_of(page.ip),
        "page_kbit_s": whole if paced else 1 << (whole.bit_length() - 1),
        "page_paced": paced,
    }


def _rate_bps(page: Observation) -> float | None:
    """Return the rate of a page long enough to have one; at the least, where no bytes were noted."""
    size = max(page.received_bytes or 0, page.body_length or 0)
    if size < THROTTLE_MIN_BYTES or page.t_s is None or page.t0_s is None or page.t_s <= page.t0_s:
        return None
    return page.pace_bps or size * _BITS / (page.t_s - page.t0_s)


def _prefix_of(ip: str) -> str:
    address = ip_address(ip)
    return str(ip_network((address, _PREFIX_BITS[address.version]), strict=False))
