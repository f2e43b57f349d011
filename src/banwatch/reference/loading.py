"""One consistent set of snapshots."""

from collections.abc import Sequence
from pathlib import Path

from banwatch.model.reference import Reference


def load(
    snapshot_ids: Sequence[str] | None = None,
    *,
    data_dir: Path | None = None,
    lab_roots: Sequence[bytes] = (),
) -> Reference:
    """Load the shipped snapshots and those imported into the data folder.

    Args:
        snapshot_ids: exactly these snapshots; the newest of each kind where None.
        data_dir: folder of imported snapshots; the user's own where None.
        lab_roots: certificates (PEM) of lab authorities; only measurements made in a lab are checked against them.
    """
    raise NotImplementedError
