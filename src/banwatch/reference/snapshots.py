"""Snapshots on disk: those that ship with the package, and those imported into the user's data folder.

An imported snapshot is two files: `<id>.json` (what it is, when, from where, the digest of its content) and
`<id>.<kind's suffix>` (the content). The id is made of kind, date and digest: the same import is the same id.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import date
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import msgspec

from banwatch.model.errors import BanwatchError

KINDS = ("fingerprints", "networks", "test-lists")
"""Kinds of reference data that can be imported. Roots and suffixes come with the packages that keep them."""

_SUFFIXES = {"fingerprints": "json", "networks": "bin", "test-lists": "json"}
SHIPPED_NETWORKS = "networks-2026-06-17"
SHIPPED_RESOLVERS = "resolvers-2026-11-01"
SHIPPED_DEVICE_AUTHORITIES = "device-authorities-2026-11-01"
SHIPPED_SPECIAL = "special-addresses-2025-04-30"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Description of a snapshot, beside its content."""

    id: str
    kind: str
    as_of: date
    """The day that the data is of."""
    source: str
    licence: str = ""
    entries: int = 0
    sha256: str = ""
    shipped: bool = False


def default_data_dir() -> Path:
    """Folder of imported snapshots: `$BANWATCH_REFERENCE`, else one in the user's data folder."""
    chosen = os.environ.get("BANWATCH_REFERENCE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "banwatch" / "reference"


def shipped_file(name: str) -> bytes:
    """Content of a file that ships with this package."""
    return resources.files("banwatch.reference").joinpath("data", name).read_bytes()


def list_all(data_dir: Path) -> list[Snapshot]:
    """Every snapshot that can be used: shipped, installed with packages, and imported; in order of id."""
    shipped = [
        Snapshot(
            id=SHIPPED_NETWORKS,
            kind="networks",
            as_of=date.fromisoformat(SHIPPED_NETWORKS.removeprefix("networks-")),
            source="ip-location-db (RouteViews, DB-IP, NRO)",
            licence="CC BY 4.0",
            shipped=True,
        ),
        Snapshot(
            id=SHIPPED_DEVICE_AUTHORITIES,
            kind="device-authorities",
            as_of=date.fromisoformat(SHIPPED_DEVICE_AUTHORITIES.removeprefix("device-authorities-")),
            source="the makers' own pages, one named in each row",
            licence="CC0 1.0",
            shipped=True,
        ),
        Snapshot(
            id=SHIPPED_RESOLVERS,
            kind="resolvers",
            as_of=date.fromisoformat(SHIPPED_RESOLVERS.removeprefix("resolvers-")),
            source="the operators' own pages, one named in each row",
            licence="CC0 1.0",
            shipped=True,
        ),
        Snapshot(
            id=SHIPPED_SPECIAL,
            kind="special-addresses",
            as_of=date.fromisoformat(SHIPPED_SPECIAL.removeprefix("special-addresses-")),
            source="IANA's special-purpose address registries",
            licence="CC0 1.0",
            shipped=True,
        ),
        _installed("roots", "certifi", "Mozilla's root store, as certifi packs it", "MPL-2.0"),
        _installed("suffixes", "publicsuffixlist", "the public suffix list", "MPL-2.0"),
    ]
    return sorted([*shipped, *list_imported(data_dir)], key=lambda snapshot: snapshot.id)


def _installed(kind: str, package: str, source: str, licence: str) -> Snapshot:
    release = version(package)
    return Snapshot(
        id=f"{kind}-{release}",
        kind=kind,
        as_of=_date_in(release),
        source=f"{source} ({package} {release})",
        licence=licence,
        shipped=True,
    )


def _date_in(release: str) -> date:
    """The day that a release is of, where its number holds one (`2026.10.18`, `1.1.2.20261023`)."""
    digits = re.findall(r"[0-9]+", release)
    if len(digits[-1]) == len("20260101"):
        return date.fromisoformat(digits[-1])
    year, month, day = (int(part) for part in digits[:3])
    return date(year, month, day)


def list_imported(data_dir: Path) -> Iterator[Snapshot]:
    """Snapshots in a data folder, oldest first."""
    found = []
    for path in data_dir.glob("*.json") if data_dir.is_dir() else ():
        if any(path.name.endswith(f".data.{suffix}") for suffix in _SUFFIXES.values()):
            continue
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Snapshot))
        except msgspec.DecodeError as error:
            raise BanwatchError(
                f"{path} does not describe a snapshot ({error})", "Remove it, and import the data again"
            ) from None
    yield from sorted(found, key=lambda snapshot: (snapshot.as_of, snapshot.id))


def save(
    data_dir: Path, *, kind: str, as_of: date, source: str, licence: str, entries: int, content: bytes
) -> Snapshot:
    """Write a snapshot; writing the same content of the same day again changes nothing."""
    digest = hashlib.sha256(content).hexdigest()
    snapshot = Snapshot(
        id=f"{kind}-{as_of.isoformat()}-{digest[:8]}",
        kind=kind,
        as_of=as_of,
        source=source,
        licence=licence,
        entries=entries,
        sha256=digest,
    )
    data_dir.mkdir(parents=True, exist_ok=True)
    _write(_content_path(data_dir, snapshot), content)
    _write(data_dir / f"{snapshot.id}.json", msgspec.json.encode(snapshot))
    return snapshot


def read(data_dir: Path, snapshot: Snapshot) -> bytes:
    """Content of an imported snapshot, checked against its digest."""
    path = _content_path(data_dir, snapshot)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BanwatchError(
            f"The reference snapshot {snapshot.id} cannot be read ({error})", "Import it again"
        ) from None
    if hashlib.sha256(content).hexdigest() != snapshot.sha256:
        raise BanwatchError(f"{path} is not what was imported as {snapshot.id}", "Import it again")
    return content


def _content_path(data_dir: Path, snapshot: Snapshot) -> Path:
    return data_dir / f"{snapshot.id}.data.{_SUFFIXES[snapshot.kind]}"


def _write(path: Path, content: bytes) -> None:
    """Write beside and rename, so that a reader never sees half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
