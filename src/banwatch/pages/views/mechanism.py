"""The view of a mechanism."""

from collections.abc import Iterable
from dataclasses import dataclass

from banwatch.pages.links import Links
from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismView:
    """Mechanism in plain words, with its id."""

    words: str
    id: str
    href: str = ""
    """Address of its explanation; empty where there is no such page."""


def view_mechanisms(ids: Iterable[str], links: Links) -> tuple[MechanismView, ...]:
    """Return the views of mechanisms."""
    return tuple(
        MechanismView(words=words.mechanism(name), id=words.visible(name, 60), href=links.mechanism(name))
        for name in ids
    )
