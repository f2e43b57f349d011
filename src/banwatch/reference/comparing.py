"""Changes from one snapshot to another."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from banwatch.model.errors import BanwatchError
from banwatch.reference import snapshots
from banwatch.reference.importing import read_fingerprints, read_sites
from banwatch.reference.network_table import NetworkTable, unpack_untrusted


@dataclass(frozen=True, slots=True)
class Difference:
    """Entries that only the later one has, only the earlier one, and that both have with other content."""

    kind: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def compare_snapshots(earlier_id: str, later_id: str, *, data_dir: Path | None = None) -> Difference:
    """Compare two snapshots of the same kind.

    Raises:
        BanwatchError: one is not here, or they are of different kinds.
    """
    folder = data_dir if data_dir is not None else snapshots.default_data_dir()
    earlier, later = _find(folder, earlier_id), _find(folder, later_id)
    if earlier.kind != later.kind:
        raise BanwatchError(
            f"{earlier_id} holds {earlier.kind}, {later_id} {later.kind}", "Compare two of the same kind"
        )
    if earlier.kind == "networks":
        return _compare_networks(_table(folder, earlier), _table(folder, later))
    return _compare_entries(earlier.kind, _entries(folder, earlier), _entries(folder, later))


def _find(folder: Path, wanted: str) -> snapshots.Snapshot:
    by_id = {snapshot.id: snapshot for snapshot in snapshots.list_all(folder)}
    if wanted not in by_id:
        raise BanwatchError(
            f"There is no snapshot {wanted!r}", f"Choose from: {', '.join(sorted(by_id)) or 'none'}"
        )
    return by_id[wanted]


def _entries(folder: Path, snapshot: snapshots.Snapshot) -> dict[str, object]:
    if snapshot.kind == "fingerprints":
        return {f"{f.name} ({f.location})": f for f in read_fingerprints(folder, snapshot)}
    if snapshot.kind == "test-lists":
        return {f"{s.listed_for} {s.url}": s for s in read_sites(folder, snapshot)}
    raise BanwatchError(f"{snapshot.id} comes with an installed package", "Compare imported snapshots")


def _compare_entries(kind: str, earlier: dict[str, object], later: dict[str, object]) -> Difference:
    return Difference(
        kind=kind,
        added=_sorted(later.keys() - earlier.keys()),
        removed=_sorted(earlier.keys() - later.keys()),
        changed=_sorted(key for key in earlier.keys() & later.keys() if earlier[key] != later[key]),
    )


def _table(folder: Path, snapshot: snapshots.Snapshot) -> NetworkTable:
    if snapshot.shipped:
        return unpack_untrusted(snapshots.shipped_file(f"{snapshot.id}.bin"))
    return unpack_untrusted(snapshots.read(folder, snapshot))


def _compare_networks(earlier: NetworkTable, later: NetworkTable) -> Difference:
    """Compare who announces each range of the later table, at its first address."""
    added, removed, changed = [], [], []
    for ip in dict.fromkeys((*earlier.first_addresses(), *later.first_addresses())):
        before, after = earlier.network_of(ip), later.network_of(ip)
        if before == after:
            continue
        if before is None and after is not None:
            added.append(f"{ip} AS{after.asn}")
        elif before is not None and after is None:
            removed.append(f"{ip} AS{before.asn}")
        elif before is not None and after is not None:
            changed.append(f"{ip} AS{before.asn} {before.country} -> AS{after.asn} {after.country}")
    return Difference("networks", tuple(added), tuple(removed), tuple(changed))


def _sorted(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(keys))
