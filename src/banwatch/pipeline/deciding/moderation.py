"""Moderation: a person confirms or rejects an incident that rests on anonymous sources alone."""

from datetime import datetime

from banwatch.model.errors import BanwatchError
from banwatch.pipeline.trust.decisions import (
    Action,
    Decision,
    SubjectKind,
    add_decision,
    decisions_path,
    moderated,
    read_decisions,
)
from banwatch.store import Store, queries


def moderate(store: Store, incident_id: str, action: Action, why: str, now: datetime) -> Decision:
    """Log the decision of a moderator; the next detection follows it.

    Args:
        store: that has the incident.
        incident_id: of an incident that is unconfirmed, or was moderated before.
        action: `confirm` or `reject`.
        why: the reason, which is public.
        now: time of the decision.

    Raises:
        BanwatchError: there is no such incident, others witnessed it, or there is no reason.
    """
    found = next((one for one in queries.incidents(store) if one.incident_id == incident_id), None)
    published = {row.incident_id for row in queries.published_incidents(store)}
    if found is None and incident_id not in published:
        raise BanwatchError(f"there is no incident {incident_id}", "List them with `banwatch detect`")
    if (
        action is Action.REJECT
        and found is not None
        and not found.unconfirmed
        and not _was_confirmed(store, found.incident_id)
    ):
        raise BanwatchError(
            f"{incident_id} was witnessed by others than anonymous sources",
            "Take wrong measurements out with `banwatch retract`: the incident then follows from the others",
        )
    decision = Decision(at=now, action=action, kind=SubjectKind.INCIDENT, subject=incident_id, why=why)
    add_decision(decisions_path(store.archive.folder), decision)
    return decision


def _was_confirmed(store: Store, incident_id: str) -> bool:
    decisions = read_decisions(decisions_path(store.archive.folder))
    return moderated(decisions).get(incident_id) is Action.CONFIRM
