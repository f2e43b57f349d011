"""Messages by Apprise, which speaks to mail servers, Matrix, Telegram, ntfy and a hundred others.

Apprise says only whether a message was taken. Its log tells a message that was never sent, or was refused,
from one that was sent without an answer, and is read for nothing else.
"""

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from banwatch.model.errors import BanwatchError
from banwatch.net.outgoing.outcome import Arrival, Outcome

_NOT_TAKEN = re.compile(
    r"error=[0-9]{3}|refused|NewConnectionError|NameResolutionError|ConnectTimeout|getaddrinfo|unreachable"
    r"|CERTIFICATE_VERIFY_FAILED|Name or service not known|Authentication|Could not access",
    re.IGNORECASE,
)
"""Words in Apprise's log of a message that was refused, or never sent: an HTTP status, or no connection."""


@cache
def _load_apprise() -> Any:
    """Import Apprise: half a second, for those alone who send messages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that its plugins import
        import apprise
    logging.getLogger("apprise").propagate = False  # its lines hold addresses and tokens
    return apprise


def open_address(address: str, timeout_s: float) -> Any:
    """Return Apprise's plugin for an address.

    Raises:
        BanwatchError: Apprise does not know it, it has several recipients, or asks Apprise to send again.
    """
    apprise = _load_apprise()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # plugins are imported only now
        plugin = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if plugin is None:
        raise BanwatchError(
            f"Apprise does not know the address {address.partition('://')[0]}://...",
            "See https://appriseit.com/services/ for how the address of each service is written",
        )
    if len(plugin) > 1:
        raise BanwatchError(
            f"the address names {len(plugin)} recipients",
            "Give each a channel of its own: when one of them fails, the others must not hear twice",
        )
    if "retry=" in address.lower():
        raise BanwatchError("the address asks Apprise to try again by itself", "Remove retry= from it")
    plugin.socket_connect_timeout = plugin.socket_read_timeout = timeout_s
    return plugin


def send(plugin: Any, title: str, text: str, picture: Path | None) -> Outcome:
    """Send one message.

    Args:
        plugin: of `open_address`.
        title: one line.
        text: plain text.
        picture: PNG file to attach, where the service takes attachments.
    """
    apprise = _load_apprise()
    attachment = apprise.AppriseAttachment(str(picture)) if picture and plugin.attachment_support else None
    with _listening() as lines:
        is_taken = plugin.notify(
            body=text, title=title, notify_type=apprise.NotifyType.INFO, attach=attachment
        )
    if is_taken:
        return Outcome(Arrival.SENT)
    said = " ".join(lines)
    found = _NOT_TAKEN.search(said)
    if found:
        return Outcome(Arrival.FAILED, found[0][:40])
    return Outcome(Arrival.UNCERTAIN, "no answer")


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect what Apprise logs in this thread."""
    lines: list[str] = []
    thread = threading.get_ident()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread and "Payload" not in str(record.msg):
                lines.append(record.getMessage())

    logger = logging.getLogger("apprise")
    handler, level = Handler(logging.DEBUG), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
