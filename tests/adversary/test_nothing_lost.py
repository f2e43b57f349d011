"""Submissions, crashes, retractions, upgrades and restores in any order: nothing lost, doubled or renumbered.

A crash is a copy of the files of that moment, with which the story goes on: what `kill -9` leaves.
"""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import zstandard
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from banwatch import reference
from banwatch.collector import own
from banwatch.collector.inbox import OPEN, Inbox, inbox_path
from banwatch.collector.ingest_thread import IngestThread
from banwatch.collector.keys import load_keys
from banwatch.model.receipt import Receipt, SourceClass
from banwatch.observatory.backup import back_up, restore
from banwatch.pipeline import commit
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.deciding import retract as retraction
from banwatch.pipeline.rebuild import rebuild
from banwatch.pipeline.trust.receipts import with_receipt
from banwatch.store import Store, queries
from banwatch.store.archive import Archive
from banwatch.store.audit import audit
from tests.adversary.test_ids_for_life import GIVEN, OLD
from tests.pipeline.measurement_lines import line, uid

REFERENCE = reference.load()
NOW = datetime(2016, 6, 1, tzinfo=UTC)
RECEIPT = Receipt(received_at=datetime(2016, 5, 1, 7, tzinfo=UTC), source_class=SourceClass.ANONYMOUS)
DAY = 21
"""Day of the submissions; the store of 0.1.0 has earlier ones."""
NUMBERS = st.integers(0, 30)
MOMENTS: dict[str, tuple[type[Any], str, bool]] = {
    "before a segment": (Archive, "write", False),
    "after a segment, before its rows": (Archive, "write", True),
    "within the transaction": (commit.Committer, "_write", True),
    "after the transaction": (Inbox, "done", False),
    "after all": (Inbox, "done", True),
}
"""Method during which the process is killed, and whether after its work."""


class Observatory(RuleBasedStateMachine):
    """A collector's store that began as one of 0.1.0."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(tempfile.mkdtemp(prefix="banwatch-"))
        self.copies = 0
        self.path = self.base / "0" / "v0.1.0.duckdb"
        data = zstandard.ZstdDecompressor().decompress(OLD.read_bytes(), max_output_size=64 << 20)
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            packed.extractall(self.path.parent, filter="data")
        self.acknowledged: set[str] = set()
        self.retracted: set[str] = set()
        self.first: set[str] = set()

    @initialize()
    def remember_the_first(self) -> None:
        with Store.open(self.path, read_only=True) as store:
            self.first = {row.measurement_uid for row in queries.measurements(store)}
        assert len(self.first) == 320

    def copy(self) -> Path:
        """Copy the files of this moment into a folder of their own."""
        self.copies += 1
        folder = self.base / str(self.copies)
        shutil.copytree(self.path.parent, folder, ignore=shutil.ignore_patterns("*.owner"))
        return folder / self.path.name

    @contextmanager
    def inbox(self) -> Iterator[Inbox]:
        archive = self.path.with_name(self.path.name + ".archive")
        with Inbox(inbox_path(archive)) as inbox:
            yield inbox

    def ingest(self) -> None:
        with own(self.path) as owner, self.inbox() as inbox:
            assert owner is not None
            keys = load_keys(self.path.with_name("key"), make=True)
            IngestThread(owner, inbox, keys).ingest_all()

    @rule(number=NUMBERS)
    def submit(self, number: int) -> None:
        with self.inbox() as inbox:
            inbox.keep(with_receipt(line(number, day=DAY), RECEIPT)).result()
        self.acknowledged.add(uid(number, day=DAY))

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=3), cut=st.integers(0, 300))
    def submit_and_crash(self, numbers: list[int], cut: int) -> None:
        with self.inbox() as inbox:
            for number in numbers:
                inbox.keep(with_receipt(line(number, day=DAY), RECEIPT)).result()
                self.acknowledged.add(uid(number, day=DAY))
            copied = self.copy()
        self.path = copied
        (journal,) = self.path.parent.glob(f"*.inbox/*{OPEN}")
        with journal.open("ab") as file:
            file.write(line(31, day=DAY)[:cut])  # a line that was never acknowledged

    @rule()
    def ingest_all(self) -> None:
        self.ingest()

    @precondition(lambda self: self.acknowledged)
    @rule(moment=st.sampled_from(sorted(MOMENTS)))
    def ingest_and_crash(self, moment: str) -> None:
        owner, name, is_after = MOMENTS[moment]
        true: Callable[..., Any] = getattr(owner, name)
        copied: list[Path] = []

        def killed(*given: Any, **named: Any) -> Any:
            if not is_after and not copied:
                copied.append(self.copy())
            done = true(*given, **named)
            if is_after and not copied:
                copied.append(self.copy())
            return done

        with mock.patch.object(owner, name, killed):
            self.ingest()
        if copied:
            self.path = copied[0]

    @precondition(lambda self: self.acknowledged - self.retracted)
    @rule(choice=st.integers(0, 1_000))
    def retract(self, choice: int) -> None:
        self.ingest()
        left = sorted(self.acknowledged - self.retracted)
        chosen = left[choice % len(left)]
        with Store.open(self.path) as store:
            assert retraction.retract(store, f"uid:{chosen}", "a test", NOW) == 1
        self.retracted.add(chosen)

    @precondition(lambda self: self.retracted)
    @rule(choice=st.integers(0, 1_000))
    def undo(self, choice: int) -> None:
        chosen = sorted(self.retracted)[choice % len(self.retracted)]
        with Store.open(self.path) as store:
            assert retraction.restore(store, f"uid:{chosen}", "a test", NOW, REFERENCE) == 1
        self.retracted.discard(chosen)

    @rule()
    def upgrade(self) -> None:
        with Store.open(self.path, renew=True) as store:
            rebuild(store, REFERENCE)

    @rule()
    def conclude(self) -> None:
        with Store.open(self.path) as store:
            detect(store, [], now=NOW)

    @rule()
    def back_up_and_restore(self) -> None:
        with Store.open(self.path):
            pass  # a store of 0.1.0 is upgraded before it is backed up
        back_up(str(self.path), self.base / "backups")
        self.copies += 1
        target = self.base / str(self.copies) / self.path.name
        restore(self.base / "backups", str(target), number=None)
        self.path = target

    def teardown(self) -> None:
        try:
            if self.first:
                self.check()
        finally:
            shutil.rmtree(self.base)

    def check(self) -> None:
        self.ingest()
        expected = self.first | self.acknowledged - self.retracted
        with Store.open(self.path) as store:
            detect(store, [], now=NOW)
            for rows in (queries.measurements(store), queries.verdicts(store)):
                found = [row.measurement_uid for row in rows]
                assert set(found) == expected
                assert len(found) == len(expected)
            assert queries.conflicts(store) == []
            assert audit(store).sound
            published = [row.incident_id for row in queries.published_incidents(store)]
            assert GIVEN in published
            assert len(set(published)) == len(published)
            assert {str(row.received_at) for row in queries.measurements(store)} >= (
                {str(RECEIPT.received_at)} if self.acknowledged - self.retracted else set()
            )


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Observatory,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_nothing_is_lost_doubled_or_renumbered() -> None:
    _run(1, 6)


@pytest.mark.slow
def test_nothing_is_lost_in_long_stories() -> None:
    _run(3, 8)
