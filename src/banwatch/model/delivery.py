"""Deliveries of messages: what was to be sent where, and what became of it."""

from datetime import datetime
from enum import StrEnum

import msgspec

from banwatch.model.ids import Asn, TargetName


class Event(StrEnum):
    """Occasion of a message."""

    BEGAN = "began"
    """An incident is believed, and nobody was told of it on this channel before."""
    GREW = "grew"
    ENDED = "ended"
    RESUMED = "resumed"
    """It goes on after its end was told, or is believed again after it was withdrawn."""
    WITHDRAWN = "withdrawn"
    DIGEST = "digest"
    """Summary that is sent even when nothing happened."""
    SILENT = "silent"
    """Another channel has failed for a while."""


class DeliveryState(StrEnum):
    """State of one attempt."""

    INTENDED = "intended"
    """Recorded before anything leaves."""
    SENT = "sent"
    FAILED = "failed"
    """It certainly did not arrive, and is tried again."""
    UNCERTAIN = "uncertain"
    """It may have arrived; it is not sent again, since nobody may hear a thing twice."""
    GIVEN_UP = "given_up"
    """The last attempt failed too."""
    DROPPED = "dropped"
    """Its occasion passed before an attempt succeeded: nothing was sent."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Entry of the log of messages; append-only, and no part of any digest.

    Shape: one row an attempt and state; key `channel, subject, ordinal, attempt, state`.
    """

    channel: str
    """Name of the channel; `stream` for server-sent events."""
    subject: str
    """Id of an incident; `digest`; or `channel:` and the name of a silent one."""
    ordinal: int
    """Number of the message on this channel about this subject, from 0."""
    attempt: int
    """Number of the attempt, from 0."""
    state: DeliveryState
    event: Event
    at: datetime
    title: str
    text: str
    asns: tuple[Asn, ...]
    """Networks that messages named up to this one."""
    targets: tuple[TargetName, ...]
    """Targets that messages named up to this one."""
    ended: bool
    """Whether the message says that it ended."""
    detail: str
    """Kind of error; empty where there was none."""
