"""Files of drafts, made from the tables of others for a person to complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from banwatch.bans.importing import read_drafts
from banwatch.bans.register import save_drafts
from banwatch.reference.network_table import unpack_untrusted
from banwatch.reference.snapshots import SHIPPED_NETWORKS, shipped_file


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftReport:
    """Result of drafting a table."""

    written: int
    """Files that were written."""
    found: int
    """Rows that are bans, whether or not their files were there before."""
    refused: Mapping[str, Sequence[int]]
    """Lines of the table that are no ban, by the reason; line 0 is the table itself."""


def draft_table(table: Path, out: Path) -> DraftReport:
    """Write a draft for each ban of a table: for all of them, or for none.

    Raises:
        BanwatchError: the table cannot be read, or a file cannot be written.
    """
    refused: dict[str, list[int]] = {}

    def refuse(reason: str, line: int) -> None:
        refused.setdefault(reason, []).append(line)

    networks = cache(lambda: unpack_untrusted(shipped_file(f"{SHIPPED_NETWORKS}.bin")))
    drafts = list(read_drafts(table, refuse, lambda country: networks().in_country(country)))
    return DraftReport(written=save_drafts(drafts, out), found=len(drafts), refused=refused)
