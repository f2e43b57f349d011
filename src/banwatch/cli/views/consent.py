"""Question for consent, before anything is measured."""

import os
import sys
from datetime import UTC, datetime

from banwatch.model.errors import BanwatchError
from banwatch.probe import consent


def ask_consent(given: bool) -> None:
    """Ask once, in the person's language.

    Raises:
        BanwatchError: the person did not agree, or nobody could be asked; nothing is measured then.
    """
    path = consent.default_path()
    if consent.has_consented(path):
        return
    if not given:
        language = consent.language_of(dict(os.environ))
        for paragraph in consent.QUESTION:
            print(consent.translate(paragraph, language) + "\n", file=sys.stderr)
        if not sys.stdin.isatty():
            raise BanwatchError(
                "Nobody has agreed to this yet", "Run it once on a terminal, or with --i-understand."
            )
        print(f"{consent.translate(consent.ASK, language)} [yes/no] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in {"yes", "y", "예", "네"}:
            raise BanwatchError("Nothing was measured", "Nothing is, until you agree.")
    consent.give_consent(path, datetime.now(UTC))
