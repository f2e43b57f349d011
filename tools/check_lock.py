"""Compare the pinned packages with an export of known faults (OSV), without a network.

    python tools/check_lock.py EXPORT [LOCK...]

EXPORT is a zip or folder of advisories in OSV's format, as JSON or YAML: OSV's `PyPI/all.zip`, or a copy of
PyPA's advisory database. Prints each pinned package that an advisory names, and the date of the newest
advisory, since an old export knows no new faults. Exits with 1 where a package is named.
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_KINDS = (".json", ".yaml", ".yml")
_MAX_ADVISORY_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Pinned package with a known fault."""

    package: str
    version: str
    advisory: str
    summary: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Result of a comparison."""

    findings: tuple[Finding, ...]
    advisories: int
    newest: str
    """Time of the newest advisory; empty where there is none."""


def read_pins(text: str) -> dict[str, str]:
    """Read the names and versions that a lock pins."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(text)}


def read_advisories(export: Path) -> Iterator[Mapping[str, Any]]:
    """Read the advisories of an export.

    Raises:
        OSError: it cannot be read.
        zipfile.BadZipFile: it is no folder and no zip.
    """
    if export.is_dir():
        for path in sorted(export.rglob("*")):
            if path.suffix in _KINDS and path.is_file():
                yield from _parse(path.suffix, path.read_bytes())
        return
    with zipfile.ZipFile(export) as packed:
        for member in packed.infolist():
            if Path(member.filename).suffix in _KINDS and member.file_size <= _MAX_ADVISORY_BYTES:
                yield from _parse(Path(member.filename).suffix, packed.read(member))


def _parse(suffix: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(data) if suffix == ".json" else yaml.safe_load(data)
    except (ValueError, yaml.YAMLError):
        return
    if isinstance(found, dict) and "affected" in found:
        yield found


def audit(pins: Mapping[str, str], advisories: Iterable[Mapping[str, Any]]) -> Audit:
    """Find the pinned packages that advisories name; withdrawn ones say nothing."""
    findings: set[Finding] = set()
    number, newest = 0, ""
    for one in advisories:
        number += 1
        newest = max(newest, str(one.get("modified") or one.get("published") or ""))
        if one.get("withdrawn"):
            continue
        for affected in one.get("affected") or ():
            package = affected.get("package") or {}
            name = canonicalize_name(str(package.get("name", "")))
            version = pins.get(name)
            if package.get("ecosystem") == "PyPI" and version is not None and is_affected(version, affected):
                summary = str(one.get("summary") or one.get("details") or "").strip().partition("\n")[0]
                findings.add(Finding(name, version, str(one.get("id", "")), summary[:120]))
    return Audit(tuple(sorted(findings)), number, newest)


def is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    """Whether a version is among those of an advisory, by its list or by its ranges."""
    if version in (affected.get("versions") or ()):
        return True
    ranges = [one for one in affected.get("ranges") or () if one.get("type") == "ECOSYSTEM"]
    return any(_is_within(Version(version), one.get("events") or ()) for one in ranges)


def _is_within(version: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Whether the last event up to a version began a range (OSV schema, "evaluation algorithm")."""
    within = False
    for kind, at in sorted(((kind, at) for event in events for kind, at in event.items()), key=_order):
        try:
            limit = Version("0.dev0") if at == "0" else Version(at)
        except InvalidVersion:
            continue
        if kind == "introduced" and version >= limit:
            within = True
        elif (kind == "fixed" and version >= limit) or (kind == "last_affected" and version > limit):
            within = False
    return within


def _order(event: tuple[str, str]) -> tuple[Version, bool]:
    kind, at = event
    try:
        return Version("0.dev0") if at == "0" else Version(at), kind != "fixed"
    except InvalidVersion:
        return Version("0"), False


def main(export: Path, locks: list[Path]) -> int:
    """Compare, and print what was found."""
    found = 0
    pins: dict[str, str] = {}
    for lock in locks:
        pins |= read_pins(lock.read_text(encoding="utf-8"))
    result = audit(pins, read_advisories(export))
    if not result.advisories:
        print(f"{export} has no advisories: expected OSV's PyPI/all.zip, or a folder of such files")
        return 1
    for one in result.findings:
        found += 1
        print(f"{one.package} {one.version}: {one.advisory} {one.summary}")
    about = f"{len(pins)} packages, {result.advisories:,} advisories, the newest of {result.newest[:10]}"
    print(f"{found} known faults in {about}")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    named = [Path(text) for text in sys.argv[2:]]
    sys.exit(main(Path(sys.argv[1]), named or sorted(ROOT.glob("requirements*.lock"))))
