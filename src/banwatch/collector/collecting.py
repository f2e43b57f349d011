"""Running collector: its key, its inbox and its ingest thread."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from banwatch.collector.credentials.issuer import load_issuer, today
from banwatch.collector.credentials.voice_book import VoiceBook, voice_book_path
from banwatch.collector.inbox import Inbox, inbox_path, sealed_path
from banwatch.collector.ingest_thread import IngestThread
from banwatch.collector.keys import Keys
from banwatch.collector.limits.rate_limit import RateLimit
from banwatch.collector.owner import Owner
from banwatch.collector.receipts.issue import Receipts
from banwatch.collector.receipts.source_keys import read_source_keys, source_keys_path
from banwatch.collector.receiver import Receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """Limits of a collector."""

    per_minute: int = 1_200
    """Sustained submissions a minute from one client; 0 is any number."""
    max_waiting_bytes: int = 4 << 30
    """Bytes that may wait in the inbox."""
    jobs: int = 1
    """Processes that ingest large amounts."""


@contextmanager
def collecting(owner: Owner, keys: Keys, settings: CollectorSettings) -> Iterator[Receiver]:
    """Take submissions for a store while the block lasts; waiting ones are ingested at the next start.

    Raises:
        BanwatchError: the inbox or a file of keys cannot be used.
    """
    archive = Path(owner.store.archive.folder)
    voices = VoiceBook(voice_book_path(archive), today)
    receipts = Receipts(read_source_keys(source_keys_path(archive)), voices=voices)
    issuer = load_issuer(archive, today)
    owner.store.release_early()
    folder = inbox_path(archive)
    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox(folder, max_bytes=settings.max_waiting_bytes))
        sealed = None
        if not keys.private:
            sealed = stack.enter_context(Inbox(sealed_path(archive), max_bytes=settings.max_waiting_bytes))
        ingest_thread = stack.enter_context(
            IngestThread(owner, inbox, keys, jobs=settings.jobs, sealed_store=sealed)
        )
        limit = RateLimit(settings.per_minute)
        receiver = Receiver(inbox, ingest_thread, keys, limit, receipts, issuer, sealed)
        try:
            yield receiver
        finally:
            receiver.close()
            voices.close()
