"""Decisions of people on a store: retractions, redactions and moderation; detection follows each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from banwatch import reference
from banwatch.bans import load_bans
from banwatch.pipeline.conclude import detect
from banwatch.pipeline.deciding.moderation import moderate
from banwatch.pipeline.deciding.redact import redact
from banwatch.pipeline.deciding.retract import restore, retract
from banwatch.pipeline.trust.decisions import Action, Decision, decisions_path, read_decisions
from banwatch.store import Store


def retract_measurements(store: str, subject: str, why: str, *, undo: bool) -> int:
    """Take measurements out of every tier above the archive, or put them back; return their number.

    Raises:
        BanwatchError: nothing has that name, there is no reason, or the store cannot be written.
    """
    with Store.open(store) as opened:
        now = datetime.now(UTC)
        if undo:
            count = restore(opened, subject, why, now, reference.load())
        else:
            count = retract(opened, subject, why, now)
        detect(opened, load_bans().values(), now=now)
    return count


def redact_measurement(store: str, uid: str, why: str) -> int:
    """Remove the content of a measurement from the archive for good; return the number of its lines.

    Raises:
        BanwatchError: there is no such measurement, no reason, or the store cannot be written.
    """
    with Store.open(store) as opened:
        now = datetime.now(UTC)
        count = redact(opened, uid, why, now)
        detect(opened, load_bans().values(), now=now)
    return count


def moderate_incident(store: str, incident_id: str, action: Action, why: str) -> Decision:
    """Confirm or reject an incident that rests on anonymous sources alone.

    Raises:
        BanwatchError: there is no such incident, others witnessed it, or there is no reason.
    """
    with Store.open(store) as opened:
        now = datetime.now(UTC)
        decision = moderate(opened, incident_id, action, why, now)
        detect(opened, load_bans().values(), now=now)
    return decision


def read_public_log(store: str) -> Sequence[Decision]:
    """Read all decisions on a store, the oldest first."""
    with Store.open(store, read_only=True) as opened:
        return read_decisions(decisions_path(Path(opened.archive.folder)))
