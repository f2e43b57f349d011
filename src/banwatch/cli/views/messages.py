"""Messages for people, on stderr: stdout is kept for data."""

import sys


def note(text: str) -> None:
    """Print one message."""
    print(text, file=sys.stderr, flush=True)
