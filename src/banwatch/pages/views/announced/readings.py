"""The announced sites in three groups: named, meant by a category, and our reading of the announcement."""

from dataclasses import dataclass

from banwatch.model.ban import Ban, Meaning, Meant
from banwatch.pages.links import Links
from banwatch.pages.wording import words

TITLES = {
    Meant.NAMED: "Named in the announcement",
    Meant.CATEGORY: "Stands for an announced category",
    Meant.READING: "Our reading of the announcement",
}
"""Headings of the groups, for this list and for the comparison alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLine:
    """Announced site, with its date and source."""

    target: str
    href: str
    note: str
    begins: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingGroup:
    """Sites that an announcement means in the same way."""

    title: str
    lines: tuple[ReadingLine, ...]


def view_readings(ban: Ban, links: Links) -> tuple[ReadingGroup, ...]:
    """Group a ban's sites by how each is meant; a group without sites is left out."""
    groups = []
    for meant, title in TITLES.items():
        lines = tuple(_line(ban, one, links) for one in ban.meanings if one.meant is meant)
        if lines:
            groups.append(ReadingGroup(title=title, lines=lines))
    return tuple(groups)


def _line(ban: Ban, one: Meaning, links: Links) -> ReadingLine:
    codes = [code for code, target in ban.category_targets if target == one.target]
    by_register = "the register of bans" if one.meant is not Meant.NAMED else "not recorded"
    return ReadingLine(
        target=words.visible(one.target, 80),
        href=links.target(one.target),
        note=words.listed([words.category(code) for code in codes]),
        begins=words.day(one.begins) if one.begins else "not said",
        source=words.listed(one.publishers) or by_register,
    )
