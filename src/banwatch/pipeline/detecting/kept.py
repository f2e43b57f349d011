"""Kept findings: those of an earlier detection, for countries whose cells are the same as then.

Every commit drops the rows of the countries whose cells it changes (`Store`). Findings of other sources of
detection, or with other options, are not used.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec

import banwatch
from banwatch.detect.countries import CountryFindings
from banwatch.model.ids import CountryCode
from banwatch.model.incident import Incident
from banwatch.store import Store
from banwatch.store.bookkeeping import KeptFindings


class Kept:
    """Findings of the countries at one level of trust, by country."""

    def __init__(self, rows: Sequence[KeptFindings], options: str) -> None:
        """Take the rows that the store keeps.

        Args:
            rows: the rows.
            options: text of the options of detection that findings depend on.
        """
        self._version = f"{source_digest()} {options}"
        self._rows = {(row.probe_cc, row.level): row for row in rows if row.version == self._version}
        self.changed: dict[tuple[CountryCode, int], KeptFindings] = {}
        """Rows that are new or differ from those that the store keeps."""

    def findings(self, country: CountryCode, level: int) -> tuple[CountryFindings, str] | None:
        """Return a country's findings and the span that they hold for; None where there are none."""
        row = self._rows.get((country, level))
        if row is None:
            return None
        return msgspec.json.decode(row.findings, type=CountryFindings), row.span

    def keep(self, country: CountryCode, level: int, found: CountryFindings, span: str) -> None:
        """Keep a country's findings for the next time."""
        self._put(
            KeptFindings(
                probe_cc=country,
                level=level,
                version=self._version,
                span=span,
                findings=msgspec.json.encode(found).decode(),
            )
        )

    def drafts(self, country: CountryCode, level: int, key: str) -> tuple[Incident, ...] | None:
        """Return a country's incidents without ids, if they were made of the same changes."""
        row = self._rows.get((country, level))
        if row is None or row.drafts_key != key:
            return None
        return msgspec.json.decode(row.drafts, type=tuple[Incident, ...])

    def keep_drafts(self, country: CountryCode, level: int, key: str, drafts: Sequence[Incident]) -> None:
        """Keep a country's incidents, beside its findings."""
        row = self._rows[country, level]
        self._put(replace(row, drafts_key=key, drafts=msgspec.json.encode(drafts).decode()))

    def _put(self, row: KeptFindings) -> None:
        self._rows[row.probe_cc, row.level] = row
        self.changed[row.probe_cc, row.level] = row


def read_kept(store: Store, options: str) -> Kept:
    """Read the findings that a store keeps."""
    return Kept(store.rows(KeptFindings), options)


def write_kept(store: Store, kept: Kept) -> None:
    """Replace the rows that changed; call it inside a transaction."""
    store.delete("kept_findings", "probe_cc", sorted({country for country, _ in kept.changed}))
    rows = {country for country, _ in kept.changed}
    store.append("kept_findings", [row for (cc, _), row in sorted(kept._rows.items()) if cc in rows])


@cache
def source_digest() -> str:
    """Hash the sources of detection, by which its findings are known to be of the same detection."""
    content = hashlib.sha256()
    root = Path(banwatch.__file__).parent
    for path in sorted([*(root / "detect").rglob("*.py"), *(root / "model").glob("*.py")]):
        content.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()
