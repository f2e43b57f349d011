"""Words of messages: a title that says what is new, the incident's own sentence, its page."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from banwatch.alerts.channels import Letter
from banwatch.alerts.occasion import Occasion
from banwatch.detect import merged_into
from banwatch.model.delivery import Event
from banwatch.model.incident import Incident
from banwatch.pages.views.incident import sentence_of, title_of
from banwatch.pages.wording import words

_BEGINNINGS = {
    Event.BEGAN: "New",
    Event.GREW: "Grew",
    Event.ENDED: "Ended",
    Event.RESUMED: "Goes on",
    Event.WITHDRAWN: "Withdrawn",
}
_MOST_NAMES = 5
"""Targets or networks that a message names; more are counted."""
_MOST_CHARACTERS = 1_500
"""Length of a message: some services cut at 2,000."""


def write_letter(
    occasion: Occasion,
    *,
    site: str,
    last: Incident | None,
    incidents: Sequence[Incident] = (),
    lab: bool = False,
) -> Letter:
    """Put an occasion into words.

    Args:
        occasion: about an incident.
        site: address of the observatory, without a slash at its end.
        last: the incident as it was last published, for one that is withdrawn.
        incidents: all that are in the store now.
        lab: whether it was made in a lab.
    """
    incident = occasion.incident or last
    name = title_of(incident) if incident is not None else f"Incident {occasion.subject}"
    marked = "Made in a lab: " if lab else ""
    if occasion.incident is None:
        text = _say_withdrawn(occasion.subject, last, incidents)
    else:
        text = " ".join(
            filter(None, [_say_growth(occasion), words.visible(sentence_of(occasion.incident), 1_000)])
        )
    return Letter(
        message_id=f"{occasion.channel}/{occasion.subject}/{occasion.ordinal}",
        title=f"{marked}{_BEGINNINGS[occasion.event]}: {name}"[:200],
        text=text[:_MOST_CHARACTERS],
        link=f"{site}/incidents/{quote(occasion.subject, safe='')}",
        event=occasion.event,
        subject=occasion.subject,
    )


def _say_withdrawn(subject: str, last: Incident | None, incidents: Sequence[Incident]) -> str:
    still = next((one for one in incidents if one.incident_id == subject), None)
    if still is not None:
        return (
            f"{subject} is withdrawn: it rests on anonymous measurements alone, and is not confirmed. "
            "What was sent about it before does not hold."
        )
    into = merged_into(last, incidents) if last is not None else None
    if into is not None:
        return f"{subject} is now told as part of {into.incident_id}: {words.visible(sentence_of(into), 800)}"
    return (
        f"{subject} is withdrawn: the measurements no longer show it. "
        "What was sent about it before does not hold."
    )


def _say_growth(occasion: Occasion) -> str:
    if occasion.earlier is None or occasion.incident is None:
        return ""
    targets = sorted(set(occasion.incident.targets) - set(occasion.earlier.targets))
    asns = sorted(set(occasion.incident.asns) - set(occasion.earlier.asns))
    said = []
    if targets:
        said.append("new targets: " + _listed([words.visible(name, 60) for name in targets]))
    if asns:
        said.append("new networks: " + _listed([f"AS{asn}" for asn in asns]))
    text = "; ".join(said)
    return text[:1].upper() + text[1:] + "." if text else ""


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def write_silence(channel: str, silent: str, since: datetime, ordinal: int, site: str) -> Letter:
    """Put into words that another channel fails."""
    return Letter(
        message_id=f"{channel}/channel:{silent}/{ordinal}",
        title=f"The channel {silent} is silent",
        text=f"No message arrived on the channel {silent} since {words.machine(since)}. "
        "What was to be sent there stands in the log of messages (`banwatch alerts log`).",
        link=f"{site}/status",
        event=Event.SILENT,
        subject=f"channel:{silent}",
    )


def write_digest(
    channel: str, ordinal: int, incidents: Sequence[Incident], since: datetime, measurements: int, site: str
) -> Letter:
    """Put into words what happened since the last summary, nothing included."""
    believed = [one for one in incidents if not one.unconfirmed]
    began = [one for one in believed if one.onset_latest >= since]
    ended = [one for one in believed if one.end_latest is not None and one.end_latest >= since]
    lasting = sum(one.end_latest is None for one in believed)
    lines = [
        f"Since {words.machine(since)}: {words.counted(len(began), 'incident')} began, {len(ended)} ended.",
        f"{lasting} last; {len(incidents) - len(believed)} are unconfirmed.",
        f"The observatory holds {words.counted(measurements, 'measurement')}.",
        *(f"- {title_of(one)}" for one in [*began, *ended][:10]),
    ]
    return Letter(
        message_id=f"{channel}/digest/{ordinal}",
        title=f"Summary: {words.counted(len(began), 'incident')} began",
        text="\n".join(lines)[:_MOST_CHARACTERS],
        link=site or "",
        event=Event.DIGEST,
        subject=Event.DIGEST,
    )
