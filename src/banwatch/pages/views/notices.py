"""Notices at the top of a page: made in a lab, replayed from a recording."""

from collections.abc import Mapping
from dataclasses import dataclass

from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Notice at the top of a page."""

    kind: str
    """`lab` or `recording`."""
    label: str
    text: str


def notices_for(labs: Mapping[str, int], *, recorded: bool) -> tuple[Notice, ...]:
    """List the notices for a page that shows these measurements.

    Args:
        labs: the number of measurements that each lab made; the empty name is the real world.
        recorded: the measurements were replayed from a recording.
    """
    notices = []
    made = sorted(name for name in labs if name)
    if made:
        names = words.listed([f"“{words.visible(name, 60)}”" for name in made])
        real = "" if set(labs) == set(made) else " Others here are of the real world; each page says which."
        notices.append(
            Notice(
                kind="lab",
                label="Made in a lab",
                text=f"These measurements were made inside Banwatch’s lab, under the scenario {names}: "
                "real packets in a simulated country, on a simulated calendar. They say nothing about the "
                f"real one.{real}",
            )
        )
    if recorded:
        notices.append(
            Notice(
                kind="recording",
                label="Recording",
                text="These measurements were not made by this run: they were replayed from a recording that "
                "ships with Banwatch.",
            )
        )
    return tuple(notices)
