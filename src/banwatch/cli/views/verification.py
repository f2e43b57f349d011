"""Result of checking an evidence bundle."""

from banwatch.bulletin.verification_text import verification_json, verification_lines
from banwatch.bulletin.verify import Verification


def show_verification(found: Verification, *, as_json: bool) -> None:
    """Print what the check of a bundle proved, and what differs."""
    for line in verification_json(found) if as_json else verification_lines(found):
        print(line)
