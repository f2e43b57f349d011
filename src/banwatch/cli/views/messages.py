"""Messages for people, on stderr: stdout is kept for data."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


def note(text: str) -> None:
    """Print one message."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def exit_on_interrupt(text: str) -> Iterator[None]:
    """Print a message and exit with code 130 where the person presses Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"banwatch: {text}")
        sys.exit(130)  # 128 + SIGINT, as shells have it
