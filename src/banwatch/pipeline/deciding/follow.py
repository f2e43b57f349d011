"""Decisions of another observatory, followed by a mirror of its archive."""

from collections.abc import Iterable
from dataclasses import dataclass

from banwatch.model.reference import Reference
from banwatch.pipeline.deciding.redact import redact
from banwatch.pipeline.deciding.retract import apply_retractions
from banwatch.pipeline.rebuild import rebuild
from banwatch.pipeline.trust.decisions import (
    Action,
    Decision,
    add_decision,
    decisions_path,
    read_decisions,
)
from banwatch.store import Store
from banwatch.store.bookkeeping import Entry


@dataclass(frozen=True, slots=True)
class FollowReport:
    """Result of following a log."""

    decisions: int
    """Decisions that were new here."""
    retracted: int
    """Measurements that retractions took out."""


def follow(store: Store, decisions: Iterable[Decision], reference: Reference) -> FollowReport:
    """Take over the decisions of another log that are not in this one, in their order, and carry them out.

    Args:
        store: open for writing.
        decisions: of the other log, the oldest first.
        reference: for the tiers, where a retraction was undone.

    Raises:
        BanwatchError: a decision has no reason, the log cannot be written, or the archive is damaged.
    """
    path = decisions_path(store.archive.folder)
    before = set(read_decisions(path))
    new = [one for one in decisions if one not in before]
    for decision in new:
        if decision.action is Action.REDACT and store.matching(Entry, "measurement_uid", [decision.subject]):
            redact(store, decision.subject, decision.why, decision.at)
        if decision not in set(read_decisions(path)):
            add_decision(path, decision)
    if any(one.action is Action.RESTORE for one in new):
        rebuild(store, reference)
    return FollowReport(len(new), apply_retractions(store))
