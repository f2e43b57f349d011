"""The view of a mechanism."""

from collections.abc import Iterable
from dataclasses import dataclass

from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismView:
    """Mechanism in plain words, with its id."""

    words: str
    id: str


def view_mechanisms(ids: Iterable[str]) -> tuple[MechanismView, ...]:
    """Return the views of mechanisms."""
    return tuple(MechanismView(words=words.mechanism(name), id=words.visible(name, 60)) for name in ids)
