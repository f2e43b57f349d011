"""Retraction: measurements are taken out of every tier above the archive, or put back."""

from datetime import datetime

from banwatch.model.errors import BanwatchError
from banwatch.model.reference import Reference
from banwatch.pipeline.rebuild import rebuild
from banwatch.pipeline.trust.decisions import (
    Action,
    Decision,
    Retractions,
    SubjectKind,
    add_decision,
    decisions_path,
    parse_window,
    read_decisions,
)
from banwatch.pipeline.trust.report_facts import settle_reports
from banwatch.store import Store, queries
from banwatch.store.tables import MEASURED


def retractions_of(store: Store) -> Retractions:
    """Read the retractions of a store that are in force."""
    return Retractions(read_decisions(decisions_path(store.archive.folder)))


def name_subject(store: Store, text: str) -> tuple[SubjectKind, str]:
    """Tell what a text names: `uid:`, `probe:`, `report:` or `window:` before it decide.

    Raises:
        BanwatchError: nothing in the store has that name.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind in (SubjectKind.UID, SubjectKind.PROBE, SubjectKind.REPORT, SubjectKind.WINDOW):
        if kind == SubjectKind.WINDOW:
            parse_window(rest)
        return SubjectKind(kind), rest
    if "/" in text:
        parse_window(text)
        return SubjectKind.WINDOW, text
    for column, found in (
        ("measurement_uid", SubjectKind.UID),
        ("report_id", SubjectKind.REPORT),
        ("probe_id", SubjectKind.PROBE),
    ):
        if queries.has_verdict(store, column, text):
            return found, text
    raise BanwatchError(
        f"no measurement, report or probe here is named {text!r}",
        "Name it as uid:..., report:..., probe:..., or as a window: 2026-03-01/2026-03-02,KE,AS64500",
    )


def retract(store: Store, text: str, why: str, now: datetime) -> int:
    """Take measurements out of every tier above the archive, and return their number.

    The decision is logged first: a rebuild that follows a crash takes them out too.

    Args:
        store: open for writing.
        text: a measurement, report, probe or window; see `name_subject`.
        why: the reason, which is public.
        now: time of the decision.

    Raises:
        BanwatchError: nothing has that name, there is no reason, or the store cannot be written.
    """
    kind, subject = name_subject(store, text)
    decision = Decision(at=now, action=Action.RETRACT, kind=kind, subject=subject, why=why)
    add_decision(decisions_path(store.archive.folder), decision)
    return apply_retractions(store)


def apply_retractions(store: Store) -> int:
    """Delete the rows of every retracted measurement; the places of their lines stay."""
    retractions = retractions_of(store)
    uids: set[str] = set()
    if retractions:
        for batch in store.batches(queries.identities(store)):
            uids.update(retractions.uids_in(batch))
    reports = queries.reports_of(store, uids)
    with store.transaction():
        for name in reversed(MEASURED):
            store.delete(name, "measurement_uid", sorted(uids))
        settle_reports(store, reports)
    return len(uids)


def restore(store: Store, text: str, why: str, now: datetime, reference: Reference) -> int:
    """Undo a retraction: make the tiers again with its measurements, and return how many there are.

    Raises:
        BanwatchError: it is not retracted, there is no reason, or the archive is damaged.
    """
    path = decisions_path(store.archive.folder)
    named = {
        f"{kind}:{subject}": (kind, subject) for kind, subject in Retractions(read_decisions(path)).subjects
    }
    found = next((v for name, v in named.items() if text in (name, v[1])), None)
    if found is None:
        raise BanwatchError(f"{text!r} is not retracted", "See `banwatch retractions`")
    kind, subject = found
    add_decision(path, Decision(at=now, action=Action.RESTORE, kind=kind, subject=subject, why=why))
    return rebuild(store, reference).measurements
