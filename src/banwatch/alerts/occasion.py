"""Occasion of a message: what of an incident a channel was not told yet.

Pure: incidents and the log of messages go in, occasions come out.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from banwatch.alerts.settings import AlertSettings, Rule
from banwatch.alerts.thresholds import (
    FIRST_RETRY,
    GROWTH_SHARE,
    LONGEST_RETRY,
    MOST_ATTEMPTS,
    MOST_IN_AN_HOUR,
)
from banwatch.model.delivery import Delivery, DeliveryState, Event
from banwatch.model.ids import Asn, TargetName, render_asn
from banwatch.model.incident import Incident

STREAM = "stream"
"""Name of the channel of server-sent events, which hears of everything."""
_STREAM_RULE = Rule(channels=(STREAM,))
_SETTLED = (DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.GIVEN_UP)
"""States after which a message counts as told: none of them is followed by another attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Message that is due on a channel."""

    channel: str
    subject: str
    ordinal: int
    attempt: int
    event: Event
    incident: Incident | None
    """Null where it is withdrawn, or the message is about no incident."""
    earlier: Delivery | None
    """Last message on this channel about it."""
    asns: tuple[Asn, ...] = ()
    targets: tuple[TargetName, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """Messages of one channel about one subject."""

    earlier: Delivery | None
    """Last one that is settled."""
    open: Delivery | None
    """Last state of the one that is not settled yet."""


def fold_past(log: Iterable[Delivery]) -> dict[tuple[str, str], Past]:
    """Return the state of each channel and subject, by the log alone."""
    last: dict[tuple[str, str, int], Delivery] = {}
    order = list(DeliveryState)
    for row in log:
        key = (row.channel, row.subject, row.ordinal)
        before = last.get(key)
        rank = (row.attempt, order.index(row.state))
        if before is None or rank > (before.attempt, order.index(before.state)):
            last[key] = row
    found: dict[tuple[str, str], Past] = {}
    for (channel, subject, _), row in sorted(last.items(), key=lambda item: item[0]):
        past = found.get((channel, subject), Past(None, None))
        if row.state in _SETTLED:
            past = Past(row, None)
        elif row.state is DeliveryState.DROPPED:
            past = Past(past.earlier, None)
        else:
            past = Past(past.earlier, row)
        found[channel, subject] = past
    return found


def next_ordinal(log: Iterable[Delivery]) -> dict[tuple[str, str], int]:
    """Return the number that the next message of each channel and subject gets."""
    found: dict[tuple[str, str], int] = {}
    for row in log:
        key = (row.channel, row.subject)
        found[key] = max(found.get(key, 0), row.ordinal + 1)
    return found


def matches(rule: Rule, incident: Incident, bans: Collection[str]) -> bool:
    """Whether a rule lets an incident through; `bans` are those whose announcement it shows."""
    return (
        (not rule.countries or incident.probe_cc in rule.countries)
        and (not rule.networks or any(render_asn(asn) in rule.networks for asn in incident.asns))
        and (not rule.targets or any(target in rule.targets for target in incident.targets))
        and (not rule.bans or any(ban in rule.bans for ban in bans))
        and (not rule.kinds or incident.kind in rule.kinds)
        and incident.confidence >= rule.min_confidence
        and max(len(incident.targets), 1) >= rule.min_targets
        and len(incident.asns) >= rule.min_networks
    )


def find_occasions(
    settings: AlertSettings,
    incidents: Sequence[Incident],
    log: Sequence[Delivery],
    now: datetime,
    *,
    bans_of: Callable[[Incident], Collection[str]] = lambda incident: (),
    stream: bool = True,
) -> Iterator[Occasion]:
    """Find the messages that are due, of each channel the oldest news first.

    Args:
        settings: channels and rules.
        incidents: all of the store, unconfirmed ones too.
        log: of the messages.
        now: time of day.
        bans_of: ids of the bans whose announcement an incident shows.
        stream: whether server-sent events hear of it.
    """
    rules: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule in settings.rules:
        for name in rule.channels:
            rules[name].append(rule)
    if stream:
        rules[STREAM].append(_STREAM_RULE)
    past, ordinals = fold_past(log), next_ordinal(log)
    believed = {i.incident_id: i for i in incidents if not i.unconfirmed}
    in_order = sorted(believed.values(), key=lambda i: (i.onset_latest, i.incident_id))
    names = [channel.name for channel in settings.channels] + [STREAM] * stream
    for name in names:
        if name not in rules:
            continue
        left = MOST_IN_AN_HOUR - _sent_within_hour(name, log, now)
        if name == STREAM:
            left = len(believed) + len(past)  # nobody is sent too much: readers ask for it
        heard = sorted({subject for channel, subject in past if channel == name})
        vanished = [s for s in heard if s not in believed and not _is_about_itself(s)]
        for subject in [*vanished, *(one.incident_id for one in in_order)]:
            if left <= 0:
                break
            found = _occasion(
                settings,
                rules[name],
                name,
                subject,
                believed.get(subject),  # type: ignore[call-overload]  # an incident's id is a text
                past.get((name, subject), Past(None, None)),
                ordinals.get((name, subject), 0),
                now,
                bans_of,
            )
            if found is not None:
                left -= 1
                yield found


def _occasion(
    settings: AlertSettings,
    rules: Sequence[Rule],
    name: str,
    subject: str,
    incident: Incident | None,
    past: Past,
    ordinal: int,
    now: datetime,
    bans_of: Callable[[Incident], Collection[str]],
) -> Occasion | None:
    attempt = 0
    if past.open is not None:
        ordinal, attempt = past.open.ordinal, past.open.attempt + 1
        if past.open.state is DeliveryState.INTENDED or now < past.open.at + retry_pause(past.open.attempt):
            return None
    event = _event(settings, rules, incident, past.earlier, now, bans_of)
    if event is None:
        if past.open is None:
            return None
        # what was to be said is no longer so, and was never said: the caller closes it
        return Occasion(
            channel=name,
            subject=subject,
            ordinal=ordinal,
            attempt=past.open.attempt,
            event=past.open.event,
            incident=None,
            earlier=past.earlier,
        )
    before = past.earlier
    return Occasion(
        channel=name,
        subject=subject,
        ordinal=ordinal,
        attempt=attempt,
        event=event,
        incident=incident,
        earlier=before,
        asns=tuple(sorted({*(before.asns if before else ()), *(incident.asns if incident else ())})),
        targets=tuple(sorted({*(before.targets if before else ()), *(incident.targets if incident else ())})),
        ended=incident.end_latest is not None if incident else True,
    )


def is_dropped(occasion: Occasion) -> bool:
    """Whether an occasion only closes an attempt whose news is no longer so."""
    return occasion.incident is None and occasion.event is not Event.WITHDRAWN


def retry_pause(attempt: int) -> timedelta:
    """Return the pause after a failed attempt."""
    doubled: timedelta = FIRST_RETRY * (1 << min(attempt, 10))
    return min(doubled, LONGEST_RETRY)


def is_last(attempt: int) -> bool:
    """Whether no attempt follows this one."""
    return attempt + 1 >= MOST_ATTEMPTS


def _event(
    settings: AlertSettings,
    rules: Sequence[Rule],
    incident: Incident | None,
    earlier: Delivery | None,
    now: datetime,
    bans_of: Callable[[Incident], Collection[str]],
) -> Event | None:
    if incident is None:
        return None if earlier is None or earlier.event is Event.WITHDRAWN else Event.WITHDRAWN
    if earlier is None:
        if incident.onset_latest < now - settings.max_age_delta:
            return None
        bans = bans_of(incident)
        return Event.BEGAN if any(matches(rule, incident, bans) for rule in rules) else None
    if earlier.event is Event.WITHDRAWN:
        return Event.RESUMED
    if not any(rule.updates for rule in rules):
        return None
    if incident.end_latest is not None and not earlier.ended:
        return Event.ENDED
    if incident.end_latest is None and earlier.ended:
        return Event.RESUMED
    has_grown = set(incident.asns) - set(earlier.asns) or len(
        set(incident.targets) - set(earlier.targets)
    ) >= max(1.0, GROWTH_SHARE * len(earlier.targets))
    return Event.GREW if has_grown and now - earlier.at >= settings.update_every_delta else None


def _is_about_itself(subject: str) -> bool:
    return subject == Event.DIGEST or subject.startswith("channel:")


def _sent_within_hour(name: str, log: Iterable[Delivery], now: datetime) -> int:
    since = now - timedelta(hours=1)
    return sum(row.channel == name and row.state is DeliveryState.INTENDED and row.at > since for row in log)


def silent_channels(
    settings: AlertSettings, log: Sequence[Delivery], now: datetime
) -> Mapping[str, datetime]:
    """Return the channels that have failed for too long, with the time of the first failure.

    A channel is silent where its attempts failed, or stayed uncertain, since its last success, the first of
    them longer ago than the settings allow.
    """
    names = {channel.name for channel in settings.channels}
    success: dict[str, datetime] = {}
    for row in log:
        if row.state is DeliveryState.SENT:
            success[row.channel] = max(success.get(row.channel, row.at), row.at)
    since: dict[str, datetime] = {}
    for row in log:
        is_failure = row.state in (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.GIVEN_UP)
        if (
            is_failure
            and row.channel in names
            and (row.channel not in success or row.at > success[row.channel])
        ):
            since[row.channel] = min(since.get(row.channel, row.at), row.at)
    return {name: at for name, at in sorted(since.items()) if now - at >= settings.silent_after_delta}
