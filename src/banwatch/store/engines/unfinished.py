"""Mark beside a database whose restore has not come to its end."""

from pathlib import Path

from banwatch.model.errors import BanwatchError


def mark_of(store: Path) -> Path:
    """Return the path of the mark, whether or not it exists."""
    return store.with_name(store.name + ".restoring")


def refuse_unfinished(store: Path) -> None:
    """Refuse a store that is half restored.

    Raises:
        BanwatchError: its restore was stopped.
    """
    if mark_of(store).exists():
        raise BanwatchError(
            f"{store} is only half restored", "Run the same `banwatch restore` again: it begins anew"
        )
