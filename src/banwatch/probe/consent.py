"""Consent: nothing is measured before the person has read what it may lead to, and agreed."""

import functools
import os
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import msgspec
from babel import Locale, UnknownLocaleError
from babel.messages.pofile import read_po

from banwatch.model.errors import BanwatchError

CONSENT_VERSION = 2
"""Version of the question; with a new one, people who agreed to less are asked again."""

QUESTION = (
    "Before the first measurement: what this program does, and what it may mean for you.",
    "It opens websites and services from this computer, also ones that may be forbidden here, as if you had "
    "opened them yourself. Your provider, and whoever watches the network, can see that.",
    "It also asks public resolvers about these sites, and a helper where you name one; they see your address "
    "and the sites' names. Where something looks wrong, the same site is visited several times more.",
    "It writes down what happened: which sites, when, from which country and network, the answers and the "
    "pages. It does not write down your address, and takes it out wherever an answer repeats it.",
    "Results are shown here. They leave this computer only if you deliver or export them; what is then "
    "published can be read by everybody, for ever.",
    "In some places measuring censorship, or having this program, can be punished. If you might be in "
    "danger, ask somebody you trust first, or do not use it. No technical measure takes that danger away.",
    "Sites of kinds that are dangerous to visit are left out unless you name the kind yourself.",
)
ASK = "Do you understand this, and do you want to measure?"


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    at: str


def default_path() -> Path:
    """Return where a person's consent is kept."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "banwatch" / "consent.json"


def has_consented(path: Path) -> bool:
    """Return whether a person has agreed to the present question."""
    try:
        given = msgspec.json.decode(path.read_bytes(), type=_Given)
    except (OSError, msgspec.DecodeError):
        return False
    return given.version >= CONSENT_VERSION


def give_consent(path: Path, at: datetime) -> None:
    """Remember that a person agreed.

    Raises:
        BanwatchError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(_Given(version=CONSENT_VERSION, at=f"{at:%Y-%m-%d}")))
    except OSError as error:
        raise BanwatchError(
            f"Cannot remember your consent in {path}: {error.strerror}",
            "Set XDG_CONFIG_HOME to a folder that can be written.",
        ) from error


@functools.cache
def _catalogue(language: str) -> dict[str, str]:
    source = files("banwatch.probe").joinpath(f"locale/{language}.po")
    if not source.is_file():
        return {}
    with source.open("rb") as opened:
        messages = read_po(opened, locale=language)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def language_of(environment: dict[str, str]) -> str:
    """Return the language that the environment asks for, such as `ko`; English where it does not say."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG"):
        wanted = environment.get(name, "").partition(".")[0].partition(":")[0]
        if wanted and wanted not in {"C", "POSIX"}:
            try:
                return str(Locale.parse(wanted).language)
            except (ValueError, UnknownLocaleError):
                continue
    return "en"


def translate(text: str, language: str) -> str:
    """Return a text in a language; in English where it is not translated."""
    return _catalogue(language).get(text, text)
