"""Channels opened for sending."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from banwatch.alerts.settings import Channel
from banwatch.alerts.signing import parse_secret, sign
from banwatch.model.errors import BanwatchError
from banwatch.net.outgoing.by_apprise import open_address, send
from banwatch.net.outgoing.outcome import Outcome
from banwatch.net.outgoing.post import post

_MAX_SECRET_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Message in the words and bytes that leave."""

    message_id: str
    """Id of the message on its channel; the same in each attempt."""
    title: str
    text: str
    link: str
    event: str
    subject: str
    picture: Path | None = None
    """PNG file; None where there is no chart, or none is wanted."""


class Sender(Protocol):
    """Channel that is open."""

    def send(self, letter: Letter) -> Outcome:
        """Send one message."""


@dataclass(frozen=True, slots=True)
class _AppriseSender:
    plugin: Any

    def send(self, letter: Letter) -> Outcome:
        text = f"{letter.text}\n\n{letter.link}" if letter.link else letter.text
        return send(self.plugin, letter.title, text, letter.picture)


@dataclass(frozen=True, slots=True)
class _WebhookSender:
    url: str
    key: bytes
    timeout_s: float
    now: Callable[[], float] = time.time

    def send(self, letter: Letter) -> Outcome:
        body = msgspec.json.encode(
            {
                "type": f"incident.{letter.event}" if letter.event != "digest" else "digest",
                "subject": letter.subject,
                "title": letter.title,
                "text": letter.text,
                "link": letter.link,
            }
        )
        headers = sign(self.key, letter.message_id, int(self.now()), body)
        return post(self.url, body, {**headers, "Content-Type": "application/json"}, timeout_s=self.timeout_s)


def open_channel(channel: Channel, timeout_s: float) -> Sender:
    """Open a channel for sending; nothing is sent yet.

    Raises:
        BanwatchError: the address or the secret is none, or its file cannot be read.
    """
    if channel.webhook:
        secret = channel.secret or _read(channel.secret_file)
        return _WebhookSender(channel.webhook, parse_secret(secret), timeout_s)
    return _AppriseSender(open_address(channel.address or _read(channel.address_file), timeout_s))


def check_channel(channel: Channel) -> None:
    """Check that a channel can be opened.

    Raises:
        BanwatchError: the address or the secret is none, or its file cannot be read.
    """
    open_channel(channel, 1.0)


def _read(path: str) -> str:
    try:
        text = Path(path).read_bytes()[:_MAX_SECRET_BYTES].decode("utf-8", "replace").strip()
    except OSError as error:
        raise BanwatchError(
            f"{path} cannot be read: {error.strerror or error}", "Check the path, and who may read it"
        ) from error
    if not text:
        raise BanwatchError(f"{path} is empty", "Put the address or secret on its first line")
    return text
