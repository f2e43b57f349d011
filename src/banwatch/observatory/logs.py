"""Log of an observatory on stderr: lines for people, or one JSON object a line; never with an address."""

import ipaddress
import logging
import re
from datetime import UTC, datetime

import msgspec

_MAYBE_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f.]{0,15}){2,8})"
)
_NO_ADDRESS = "[address]"
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def without_addresses(text: str) -> str:
    """Return a text with every address of the Internet taken out; those of this machine alone stay."""
    return _MAYBE_ADDRESS.sub(_scrub, text)


def _scrub(match: re.Match[str]) -> str:
    text = match[0].rstrip(":.")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return match[0]
    if address.is_loopback or address.is_unspecified:
        return match[0]
    return _NO_ADDRESS + match[0][len(text) :]


class _Lines(logging.Formatter):
    """Log lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = without_addresses(_message(record)).replace("\n", " ")
        return f"{at} {record.levelname.lower()} {record.name}: {text}"


class _JsonLines(logging.Formatter):
    """Log lines as JSON, one object each."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_addresses(_message(record)),
        }
        return msgspec.json.encode(line).decode()


def _message(record: logging.LogRecord) -> str:
    """Return the message, with the kind and place of an exception, without its text: that is a stranger's."""
    text = record.getMessage()
    if record.exc_info and record.exc_info[0] is not None:
        text += f" ({record.exc_info[0].__name__})"
    return text


def set_up_logs(form: str, level: str) -> logging.Handler:
    """Log to stderr.

    Args:
        form: `text` or `json`.
        level: `info`, `warning` or `error`.

    Returns:
        The handler, for `remove_logs`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if form == "json" else _Lines())
    handler.setLevel(_LEVELS[level])
    logging.getLogger().addHandler(handler)
    logging.getLogger("banwatch").setLevel(_LEVELS[level])
    return handler


def remove_logs(handler: logging.Handler) -> None:
    """Undo `set_up_logs`."""
    logging.getLogger().removeHandler(handler)
    logging.getLogger("banwatch").setLevel(logging.NOTSET)
