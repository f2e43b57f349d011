"""Outside signals from a file or from an address on the Web."""

from collections import Counter
from pathlib import Path

from banwatch.formats.outside_signals import MAX_BYTES, parse_signals_untrusted, read_signals
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.signal import Signal
from banwatch.net.fetch import fetch

DEADLINE_S = 30.0
"""Deadline of a whole fetch, also for a server that sends slowly."""
_FORMS = "docs/detect.md names the forms."


def signals_from(
    source: str,
    *,
    deadline_s: float = DEADLINE_S,
    max_bytes: int = MAX_BYTES,
    passed_over: Counter[str] | None = None,
) -> tuple[Signal, ...]:
    """Read signals from a file or an address.

    Args:
        source: a path, or an http or https address.
        deadline_s: longest time of the whole fetch.
        max_bytes: largest size to fetch.
        passed_over: counts what gave no signal, by reason.

    Raises:
        BanwatchError: the source cannot be fetched or read, or has none of the forms.
    """
    if not source.lower().startswith(("http://", "https://")):
        return read_signals(Path(source), passed_over)
    try:
        content = fetch(
            source, max_bytes=max_bytes, timeout_s=deadline_s, accept="application/json, text/csv"
        )
        return parse_signals_untrusted(content, passed_over)
    except WireError as error:
        raise BanwatchError(f"{source}: {error.reason}", _FORMS) from error
    except OSError as error:
        what = f"{source} cannot be fetched: {error or type(error).__name__}"
        raise BanwatchError(what, "Check the address, or save what it gives to a file.") from error
