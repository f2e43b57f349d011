"""Opening of sealed measurements that a collector kept without its private key, and their ingest.

Wire: `<database>.sealed/` is a folder as `collector.inbox` describes it; each line is `{"sealed":"<base64>"}`
with its receipt.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from banwatch.collector.inbox import Inbox, inbox_path
from banwatch.collector.ingest_thread import IngestThread, Refusal
from banwatch.collector.intake import read_held_untrusted
from banwatch.collector.keys import Keys
from banwatch.collector.owner import own
from banwatch.model.errors import BanwatchError, WireError
from banwatch.pipeline.trust.receipts import split_receipts, with_receipt

_FULL_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedStore:
    """Counts of sealed measurements that were opened."""

    opened: int
    refused: int
    new: int
    """Measurements that the store did not have."""


def open_sealed_store(store: str, folder: Path, keys: Keys) -> OpenedStore:
    """Open what a collector kept sealed, and ingest it with its receipts; then it is deleted.

    Args:
        store: path of the database; no other process may have it open.
        folder: of the sealed measurements, or a copy of it.
        keys: with the private ones.

    Raises:
        BanwatchError: the store is in use, or a folder cannot be used.
    """
    if not folder.is_dir():
        raise BanwatchError(f"there are no sealed measurements at {folder}", "Name the folder, `*.sealed`")
    with own(store) as owner:
        if owner is None:
            raise BanwatchError(
                f"{store} is in use", "End its `banwatch serve`, or name a store of this machine with --store"
            )
        archive = Path(owner.store.archive.folder)
        with Inbox(folder) as sealed, Inbox(inbox_path(archive)) as inbox:
            thread = IngestThread(owner, inbox, keys)
            opened = 0
            for path in sealed.waiting():
                opened += _open_journal(path, inbox, thread, keys)
                thread.ingest_all()
                sealed.done(path)
    return OpenedStore(opened=opened, refused=thread.counts.refused, new=thread.counts.new)


def _open_journal(path: Path, inbox: Inbox, thread: IngestThread, keys: Keys) -> int:
    opened = 0
    with path.open("rb") as file:
        for text in file:
            (data,), (receipt,) = split_receipts([text.strip()])
            try:
                line = read_held_untrusted(data, keys.private)
            except WireError as error:
                thread.refuse(Refusal.of("(sealed measurements)", error.reason, data))
                continue
            # country and network were sealed when the address of the sender was there to compare them with
            inbox.keep(with_receipt(line.data, replace(receipt, origin_agrees=None))).result()
            opened += 1
            if inbox.journal_bytes >= _FULL_BYTES:
                thread.ingest_all()
    return opened
