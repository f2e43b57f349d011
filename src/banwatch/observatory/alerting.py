"""Alerts of a store that is served: open channels, tasks that send, and what a person asks by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from banwatch.alerts.channels import Letter, Sender, open_channel
from banwatch.alerts.dispatch import Dispatcher
from banwatch.alerts.letters import write_letter
from banwatch.alerts.occasion import Occasion, find_occasions
from banwatch.alerts.stream import EventBoard
from banwatch.collector.owner import Owner
from banwatch.model.delivery import Delivery, DeliveryState, Event
from banwatch.model.duration import parse_duration
from banwatch.model.errors import BanwatchError
from banwatch.model.incident import Incident
from banwatch.net.outgoing.outcome import Arrival
from banwatch.observatory.schedule.scheduler import Task
from banwatch.observatory.settings.tables import Settings
from banwatch.pipeline.reading.past_incidents import PastIncidents
from banwatch.store import Store

_EVERY = timedelta(seconds=15)
"""Time between two looks at what is due; a look at a quiet store takes some milliseconds."""
MOST_STEPS = 400
"""Detections of one dry run."""


def open_senders(settings: Settings) -> dict[str, Sender]:
    """Open every channel of the settings.

    Raises:
        BanwatchError: one cannot be opened.
    """
    found = {}
    for channel in settings.alerts.channels:
        try:
            found[channel.name] = open_channel(channel, settings.alerts.timeout_s)
        except BanwatchError as error:
            raise BanwatchError(f"the channel {channel.name}: {error.what}", error.do) from error
    return found


def alerting_tasks(settings: Settings, owner: Owner, board: EventBoard) -> list[Task]:
    """Return the tasks that send messages and summaries.

    Raises:
        BanwatchError: a channel cannot be opened.
    """
    dispatcher = Dispatcher(
        settings.alerts, owner.store, owner.turn, open_senders(settings), site=settings.serve.public_url
    )

    def send() -> str:
        said = dispatcher.step()
        board.refresh()
        return said

    tasks = [Task(name="alerts", every=_EVERY, work=send, at_once=True)]
    if settings.digest.channels:
        every = parse_duration(settings.digest.every)
        names = settings.digest.channels
        # looked at often, sent by the log: a restart neither repeats nor skips one
        period = min(every, timedelta(minutes=5))
        tasks.append(Task(name="digest", every=period, work=lambda: dispatcher.send_digests(names, every)))
    return tasks


def try_channels(settings: Settings, names: Sequence[str]) -> list[tuple[str, Arrival, str]]:
    """Send one message by hand on some channels, or on all; it is in no log.

    Raises:
        BanwatchError: there is no such channel, or one cannot be opened.
    """
    senders = open_senders(settings)
    for name in names:
        if name not in senders:
            raise BanwatchError(f"there is no channel {name!r}", f"There are: {', '.join(senders) or 'none'}")
    found = []
    for name in names or list(senders):
        letter = Letter(
            message_id=f"{name}/test/{datetime.now(UTC).timestamp():.0f}",
            title="Banwatch: a test",
            text="This message was sent by hand, to see whether this channel works. Nothing happened.",
            link=settings.serve.public_url,
            event="test",
            subject="test",
        )
        outcome = senders[name].send(letter)
        found.append((name, outcome.arrival, outcome.detail))
    return found


def read_log(store: str) -> list[Delivery]:
    """Return the log of messages in order of time."""
    with Store.open(store, read_only=True) as opened:
        return sorted(opened.rows(Delivery), key=lambda row: row.at)


def dry_run(
    settings: Settings,
    *,
    since: datetime,
    as_of: datetime,
    every: timedelta,
    say: Callable[[datetime, str, Letter], None],
) -> int:
    """Tell what would have been sent between two times, had the observatory known what it knows now.

    At each step detection sees the cells up to it, and nothing is written or sent. When a measurement was
    received is not looked at: what came late is there from its own hour on.

    Args:
        settings: with channels and rules.
        since: first step.
        as_of: last step.
        every: time between two steps.
        say: called with the time, the channel and the message.

    Returns:
        Number of messages.

    Raises:
        BanwatchError: there would be too many steps, or there is no such store.
    """
    if as_of < since:
        raise BanwatchError("the end of the dry run is before its beginning", "Swap --since and --as-of")
    if (as_of - since) / every > MOST_STEPS:
        raise BanwatchError(
            f"that is more than {MOST_STEPS} detections", "Give a later --since, or a longer --every"
        )
    log: list[Delivery] = []
    last: dict[str, Incident] = {}
    count = 0
    with Store.open(settings.store, read_only=True) as store:
        past = PastIncidents(store)
        at = since
        while True:
            found = past.at(at)
            for occasion in list(find_occasions(settings.alerts, found, log, at, stream=False)):
                letter = write_letter(
                    occasion,
                    site=settings.serve.public_url,
                    last=last.get(occasion.subject),
                    incidents=found,
                )
                say(at, occasion.channel, letter)
                log.append(_as_sent(occasion, letter, at))
                count += 1
            last |= {one.incident_id: one for one in found}
            if at >= as_of:
                return count
            at = min(at + every, as_of)


def _as_sent(occasion: Occasion, letter: Letter, at: datetime) -> Delivery:
    return Delivery(
        channel=occasion.channel,
        subject=occasion.subject,
        ordinal=occasion.ordinal,
        attempt=0,
        state=DeliveryState.SENT,
        event=Event(letter.event),
        at=at,
        title=letter.title,
        text=letter.text,
        asns=occasion.asns,
        targets=occasion.targets,
        ended=occasion.ended,
        detail="",
    )


def dry_run_between(
    settings: Settings,
    *,
    since: datetime | None,
    as_of: datetime,
    every: str,
    say: Callable[[datetime, str, Letter], None],
) -> int:
    """Run `dry_run`, by default over the last seven days.

    Raises:
        BanwatchError: as of `dry_run`; or `every` is no duration, or there is no rule.
    """
    if not settings.alerts.rules:
        raise BanwatchError("the settings have no [[alerts.rules]]", "Add one: see docs/alerts.md")
    try:
        step = parse_duration(every)
    except ValueError as error:
        raise BanwatchError(str(error), "Give --every as 6h") from error
    return dry_run(settings, since=since or as_of - timedelta(days=7), as_of=as_of, every=step, say=say)
