"""Decisions of people on a store: retractions, redactions and moderation; detection follows each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from banwatch import reference
from banwatch.bans import load_bans
from banwatch.collector import writable
from banwatch.model.errors import BanwatchError
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.deciding.follow import FollowReport, follow
from banwatch.pipeline.trust.decisions import Action, Decision, decisions_path, read_decisions
from banwatch.store import Store


def retract_measurements(store: str, subject: str, why: str, *, undo: bool) -> int:
    """Take measurements out of every tier above the archive, or put them back; return their number.

    Raises:
        BanwatchError: nothing has that name, there is no reason, or the store cannot be written.
    """
    with writable(store) as writer:
        return writer.decide(Action.RESTORE if undo else Action.RETRACT, subject, why).count


def redact_measurement(store: str, uid: str, why: str) -> int:
    """Remove the content of a measurement from the archive for good; return the number of its lines.

    Raises:
        BanwatchError: there is no such measurement, no reason, or the store cannot be written.
    """
    with writable(store) as writer:
        return writer.decide(Action.REDACT, uid, why).count


def moderate_incident(store: str, incident_id: str, action: Action, why: str) -> Decision:
    """Confirm or reject an incident that rests on anonymous sources alone.

    Raises:
        BanwatchError: there is no such incident, others witnessed it, or there is no reason.
    """
    with writable(store) as writer:
        writer.decide(action, incident_id, why)
    return read_public_log(store)[-1]


def follow_log(store: str, log: Path) -> FollowReport:
    """Take over the decisions in another observatory's log, and detect again.

    Raises:
        BanwatchError: the log cannot be read, or the store cannot be written.
    """
    decisions = read_decisions(log)
    if not decisions:
        raise BanwatchError(f"{log} holds no decision", "Name the file that /decisions.jsonl gave")
    with Store.open(store) as opened:
        report = follow(opened, decisions, reference.load())
        detect(opened, load_bans().values(), now=datetime.now(UTC))
    return report


def read_public_log(store: str) -> Sequence[Decision]:
    """Read all decisions on a store, the oldest first."""
    with Store.open(store, read_only=True) as opened:
        return read_decisions(decisions_path(Path(opened.archive.folder)))
