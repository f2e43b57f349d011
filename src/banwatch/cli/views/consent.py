"""Question for consent, before anything is measured."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from banwatch.cli.views.messages import note
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import UNKNOWN_COUNTRY
from banwatch.probe import consent
from banwatch.probe.settings import Settings


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


def say_limits(settings: Settings, out: Path | None, spool: Path | None) -> None:
    """Say, before anything is measured, what the measurements will not tell, and what is not kept."""
    if settings.annotations.get("lab"):
        note(f"inside the lab {settings.annotations['lab']}: every measurement is marked with it")
    if settings.probe_cc == UNKNOWN_COUNTRY:
        note("your country is not known: give --cc and --asn, else nobody can tell whose network this was")
    if settings.helper_url is None:
        note("there is no helper (--helper): what fails for everybody looks like what is blocked here")
    if out is None and spool is None:
        note("nothing is kept: give --out FILE or --spool FOLDER to keep the measurements")
