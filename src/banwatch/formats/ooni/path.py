"""Reader of our probe's records of the path: connections in the kernel, and distances in hops."""

from collections.abc import Iterable

from banwatch.formats.ooni.extensions import Localization, TcpInfoRecord, Throttling
from banwatch.formats.ooni.observed import Connection, Located
from banwatch.formats.ooni.reading import read_endpoint, read_tags
from banwatch.model.path import LocatedStep, ThrottleKind

_MOST = 500
"""Records read of one measurement; ours make a tenth of that."""
_MAX_HOPS = 255
_STEPS = frozenset(LocatedStep)
_KINDS = frozenset(ThrottleKind)


def read_connections(records: Iterable[TcpInfoRecord]) -> tuple[Connection, ...]:
    """Read the kernel's records of connections; records without an address are left out."""
    found: list[Connection] = []
    for record in records:
        ip, _ = read_endpoint(record.address)
        if ip is None or len(found) >= _MOST:
            continue
        found.append(
            Connection(
                transaction_id=record.transaction_id or 0,
                ip=ip,
                min_rtt_ms=record.min_rtt_ms,
                bytes_acked=record.bytes_acked,
                resets_ignored=record.segments_ignored,
                follow_up=read_tags(record.tags).follow_up,
            )
        )
    return tuple(found)


def read_located(records: Iterable[Localization]) -> tuple[Located, ...]:
    """Read distances; those that are not settled, or make no sense, are left out."""
    found: list[Located] = []
    for record in records:
        ip, _ = read_endpoint(record.address)
        hops = record.hops or 0
        if ip is not None and record.step in _STEPS and 0 < hops <= _MAX_HOPS and len(found) < _MOST:
            found.append(Located(step=record.step or "", ip=ip, hops=hops))
    return tuple(found)


def read_throttle_kind(throttling: Throttling | None) -> str:
    """Read how transfers were held back, downloads before uploads; empty where nobody can tell."""
    kinds = (throttling.kind if throttling else None) or {}
    return next((kind for way in ("download", "upload") if (kind := kinds.get(way)) in _KINDS and kind), "")
