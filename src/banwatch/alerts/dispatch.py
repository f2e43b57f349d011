"""Dispatch of messages: the intent is recorded, then the message leaves, then its outcome is recorded.

A crash between the two leaves an intent without outcome. Whether the message left nobody can know then, so
it becomes `uncertain` at the next start and is not sent again: each message leaves at most once after each
intent, and again only where it certainly did not arrive. A reader may miss one message after a crash, and
never gets one twice; the next news of the same incident is sent as always.
"""

import logging
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from banwatch.alerts.channels import Letter, Sender
from banwatch.alerts.letters import write_digest, write_letter, write_silence
from banwatch.alerts.occasion import (
    STREAM,
    Occasion,
    Past,
    find_occasions,
    fold_past,
    is_dropped,
    is_last,
    next_ordinal,
    retry_pause,
    silent_channels,
)
from banwatch.alerts.picture import draw_incident
from banwatch.alerts.settings import AlertSettings
from banwatch.model.delivery import Delivery, DeliveryState, Event
from banwatch.model.ids import Asn, TargetName
from banwatch.model.incident import Incident
from banwatch.net.outgoing.outcome import Arrival, Outcome
from banwatch.pages.store_reader import StoreReader
from banwatch.store import Store, queries
from banwatch.store.counting.overview import labs, totals

_log = logging.getLogger(__name__)
_OUTCOMES = {
    Arrival.SENT: DeliveryState.SENT,
    Arrival.FAILED: DeliveryState.FAILED,
    Arrival.UNCERTAIN: DeliveryState.UNCERTAIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """Message that is to be sent now."""

    letter: Letter
    channel: str
    ordinal: int
    attempt: int
    asns: tuple[Asn, ...] = ()
    targets: tuple[TargetName, ...] = ()
    ended: bool = False
    incident: Incident | None = None


class Dispatcher:
    """Sends what is due on every channel; one at a time works on a store.

    Args:
        settings: channels and rules.
        store: open for writing.
        turn: held while writing.
        senders: open channels, by name.
        site: public address of the observatory.
        now: time of day.
        pictures: whether charts are drawn.
    """

    def __init__(
        self,
        settings: AlertSettings,
        store: Store,
        turn: threading.Lock,
        senders: Mapping[str, Sender],
        *,
        site: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pictures: bool = True,
    ) -> None:
        self._settings = settings
        self._store = store
        self._turn = turn
        self._senders = senders
        self._site = site.rstrip("/")
        self._now = now
        self._pictures = {c.name for c in settings.channels if c.picture} if pictures else set()
        self._is_recovered = False

    def step(self) -> str:
        """Send all that is due, and say what was sent."""
        if not self._is_recovered:
            self._recover()
            self._is_recovered = True
        incidents = queries.incidents(self._store)
        log = self._store.rows(Delivery)
        last = {row.incident_id: row.last for row in queries.published_incidents(self._store)}
        occasions = list(
            find_occasions(self._settings, incidents, log, self._now(), bans_of=_bans_of(self._store))
        )
        sent = failed = 0
        for occasion in occasions:
            if is_dropped(occasion):
                self._drop(occasion)
                continue
            incident = occasion.incident or last.get(occasion.subject)  # type: ignore[call-overload]  # an id
            letter = write_letter(
                occasion,
                site=self._site,
                last=last.get(occasion.subject),  # type: ignore[call-overload]  # an incident's id is a text
                incidents=incidents,
                lab=incident is not None and any(labs(self._store, (incident.probe_cc,))),
            )
            outcome = self._send(_due(occasion, letter))
            sent, failed = sent + (outcome is Arrival.SENT), failed + (outcome is not Arrival.SENT)
        for due in self._silences(log):
            self._send(due)
        return f"{sent} messages sent, {failed} not" if sent or failed else ""

    def send_digests(self, channels: Collection[str], every: timedelta) -> str:
        """Send the summary on every channel where it is due."""
        now, sent = self._now(), 0
        log = self._store.rows(Delivery)
        past, ordinals = fold_past(log), next_ordinal(log)
        for name in sorted(channels):
            key = (name, str(Event.DIGEST))
            found, ordinal = past.get(key, Past(None, None)), ordinals.get(key, 0)
            attempt = 0
            if found.open is not None:
                ordinal, attempt = found.open.ordinal, found.open.attempt + 1
                if now < found.open.at + retry_pause(found.open.attempt):
                    continue
            elif found.earlier is not None and now < found.earlier.at + every:
                continue
            since = found.earlier.at if found.earlier is not None else now - every
            letter = write_digest(
                name,
                ordinal,
                queries.incidents(self._store),
                since,
                totals(self._store).measurements,
                self._site,
            )
            due = _Due(letter=letter, channel=name, ordinal=ordinal, attempt=attempt)
            sent += self._send(due) is Arrival.SENT
        return f"{sent} summaries sent" if sent else ""

    def _recover(self) -> None:
        """Settle intents whose process ended before their outcome was recorded."""
        for past in fold_past(self._store.rows(Delivery)).values():
            if past.open is not None and past.open.state is DeliveryState.INTENDED:
                detail = "the process ended while it was being sent"
                state = DeliveryState.UNCERTAIN
                self._record(msgspec.structs.replace(past.open, state=state, at=self._now(), detail=detail))

    def _drop(self, occasion: Occasion) -> None:
        letter = Letter(
            message_id="", title="", text="", link="", event=occasion.event, subject=occasion.subject
        )
        detail = "its occasion passed before it was sent"
        self._record(self._row(_due(occasion, letter), DeliveryState.DROPPED, detail))

    def _send(self, due: _Due) -> Arrival:
        intended = self._row(due, DeliveryState.INTENDED)
        if due.channel == STREAM:  # nothing leaves: readers take it from the log itself
            sent = msgspec.structs.replace(intended, state=DeliveryState.SENT)
            self._record(intended, sent)
            return Arrival.SENT
        sender = self._senders.get(due.channel)
        if sender is None:
            return Arrival.FAILED  # the channel cannot be opened: its settings say why, in the log
        with self._drawn(due) as letter:
            self._record(intended)
            try:
                outcome = sender.send(letter)
            except Exception as error:
                outcome = Outcome(Arrival.UNCERTAIN, type(error).__name__)
        state = _OUTCOMES[outcome.arrival]
        if state is DeliveryState.FAILED and is_last(due.attempt):
            state = DeliveryState.GIVEN_UP
        self._record(msgspec.structs.replace(intended, state=state, at=self._now(), detail=outcome.detail))
        if outcome.arrival is not Arrival.SENT:
            _log.warning(
                "a message on the channel %s is %s (attempt %d): %s",
                *(due.channel, state, due.attempt + 1, outcome.detail),
            )
        return outcome.arrival

    @contextmanager
    def _drawn(self, due: _Due) -> Any:
        """Give the letter with its picture in a temporary file."""
        drawn = None
        if due.incident is not None and due.channel in self._pictures:
            try:
                drawn = draw_incident(StoreReader(self._store), due.incident)
            except Exception as error:  # a message without its picture is better than none
                _log.warning("an incident could not be drawn: %s", type(error).__name__)
        if drawn is None:
            yield due.letter
            return
        with tempfile.TemporaryDirectory(prefix="banwatch-picture-") as folder:
            path = Path(folder) / "chart.png"
            path.write_bytes(drawn)
            yield replace(due.letter, picture=path)

    def _silences(self, log: Sequence[Delivery]) -> list[_Due]:
        """Return reports that a channel is silent, one on each other channel for each silence."""
        silent = silent_channels(self._settings, log, self._now())
        past, ordinals = fold_past(log), next_ordinal(log)
        found = []
        for name, since in silent.items():
            for channel in self._settings.channels:
                key = (channel.name, f"channel:{name}")
                before = past.get(key, Past(None, None))
                if channel.name in silent or (before.earlier is not None and before.earlier.at >= since):
                    continue
                ordinal, attempt = ordinals.get(key, 0), 0
                if before.open is not None:
                    ordinal, attempt = before.open.ordinal, before.open.attempt + 1
                    if self._now() < before.open.at + retry_pause(before.open.attempt):
                        continue
                letter = write_silence(channel.name, name, since, ordinal, self._site)
                found.append(_Due(letter=letter, channel=channel.name, ordinal=ordinal, attempt=attempt))
        return found

    def _row(self, due: _Due, state: DeliveryState, detail: str = "") -> Delivery:
        return Delivery(
            channel=due.channel,
            subject=due.letter.subject,
            ordinal=due.ordinal,
            attempt=due.attempt,
            state=state,
            event=Event(due.letter.event),
            at=self._now(),
            title=due.letter.title,
            text=due.letter.text,
            asns=due.asns,
            targets=due.targets,
            ended=due.ended,
            detail=detail,
        )

    def _record(self, *rows: Delivery) -> None:
        with self._turn, self._store.transaction():
            self._store.append("delivery", rows)


def _due(occasion: Occasion, letter: Letter) -> _Due:
    return _Due(
        letter=letter,
        channel=occasion.channel,
        ordinal=occasion.ordinal,
        attempt=occasion.attempt,
        asns=occasion.asns,
        targets=occasion.targets,
        ended=occasion.ended,
        incident=occasion.incident,
    )


def _bans_of(store: Store) -> Callable[[Incident], Collection[str]]:
    """Return a look-up of the bans whose announcement an incident shows; the comparisons are read at need."""
    rows: dict[str, list[tuple[str, str, int]]] = {}
    is_read = False

    def look_up(incident: Incident) -> Collection[str]:
        nonlocal is_read
        if not is_read:
            is_read = True
            for row in queries.comparisons(store):
                if row.announced and row.interfered:
                    rows.setdefault(row.ban_id, []).append((row.probe_cc, row.target, row.probe_asn))
        return [
            ban
            for ban, found in rows.items()
            if any(
                cc == incident.probe_cc
                and asn in incident.asns
                and (target in incident.targets or not target)
                for cc, target, asn in found
            )
        ]

    return look_up
