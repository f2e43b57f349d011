"""Search: a site, an app, a company, a country or a network, by any of its names and with typing errors."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache

from banwatch.model.ids import Asn, render_asn
from banwatch.pages.naming.apps import APPS
from banwatch.pages.naming.networks import name_of
from banwatch.pages.naming.places import every_country
from banwatch.pages.wording import words

MAX_QUESTION = 80
"""Characters of a question that are read: the longest name of an AS has 64."""
MAX_FOUND = 20
_LEAST_LIKENESS = 0.74
"""Likeness, 0 to 1, of the farthest name that is taken for a typing error: one wrong letter of four passes
(`twiter`, `Rostelekom`), two of five do not."""
_WHOLE, _BEGINS, _HOLDS = 1.0, 0.95, 0.85
"""Likeness of a name that is the question, begins with it, or holds it."""
_LEAST_HELD = 3
"""Letters of a question that may stand within a name: fewer stand in most names."""


class Subject(StrEnum):
    """Class of what is found."""

    COUNTRY = "country"
    TARGET = "target"
    NETWORK = "network"
    BAN = "ban"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Subject that can be found, with its names."""

    subject: Subject
    key: str
    """Code, target, `KP/64512`, or id of a ban."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Entry that a question found, and how well."""

    entry: Entry
    name: str
    """Name that was found."""
    likeness: float


@lru_cache(maxsize=500_000)
def folded(text: str) -> str:
    """Return a name as it is compared: without case, accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum() and not unicodedata.combining(c))


def entries(
    targets: Iterable[str],
    networks: Iterable[tuple[str, Asn]],
    bans: Mapping[str, str],
    named: Mapping[Asn, str],
) -> Iterator[Entry]:
    """Yield what can be found: every country, and the targets, networks and bans of the store.

    Args:
        targets: names of targets that were measured or announced.
        networks: country and number of networks that were measured.
        bans: title of each ban, by id.
        named: names that announcements give to networks, by number.
    """
    for code, country_names in every_country().items():
        yield Entry(subject=Subject.COUNTRY, key=code, names=country_names)
    for target in targets:
        bare = target.removeprefix("www.").partition(".")[0]
        yield Entry(subject=Subject.TARGET, key=target, names=(target, bare, *APPS.get(target, ())))
    for code, asn in networks:
        name = name_of(asn, named.get(asn, ""))
        number = render_asn(asn)
        yield Entry(
            subject=Subject.NETWORK,
            key=f"{code}/{asn}",
            names=(name, number, str(asn), *(word for word in name.split() if len(word) > _LEAST_HELD)),
        )
    for ban_id, title in bans.items():
        yield Entry(subject=Subject.BAN, key=ban_id, names=(title, ban_id))


def find(question: str, among: Iterable[Entry]) -> Sequence[Found]:
    """Return what a question means, the best first; ties in the order of subjects and keys."""
    wanted = folded(words.visible(question, MAX_QUESTION))
    if not wanted:
        return ()
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    found = []
    for entry in among:
        best = max(((_likeness(wanted, folded(name), matcher), name) for name in entry.names), default=None)
        if best is not None and best[0] >= _LEAST_LIKENESS:
            found.append(Found(entry=entry, name=best[1], likeness=best[0]))
    order = list(Subject)
    found.sort(key=lambda one: (-one.likeness, order.index(one.entry.subject), one.entry.key))
    return found[:MAX_FOUND]


def _likeness(wanted: str, name: str, matcher: "SequenceMatcher[str]") -> float:
    if not name:
        return 0.0
    if name == wanted:
        return _WHOLE
    if name.startswith(wanted) and len(wanted) > 1:
        return _BEGINS
    if len(wanted) >= _LEAST_HELD and wanted in name:
        return _HOLDS
    if abs(len(name) - len(wanted)) > len(wanted) // 2 or len(wanted) < _LEAST_HELD:
        return 0.0
    matcher.set_seq1(name)
    if matcher.real_quick_ratio() < _LEAST_LIKENESS or matcher.quick_ratio() < _LEAST_LIKENESS:
        return 0.0
    return (
        matcher.ratio() * _HOLDS
        if matcher.ratio() >= _LEAST_LIKENESS + 0.14
        else _near(wanted, name, matcher)
    )


def _near(wanted: str, name: str, matcher: "SequenceMatcher[str]") -> float:
    """Return the likeness of a typing error: the first letter is nearly always right."""
    return _LEAST_LIKENESS if matcher.ratio() >= _LEAST_LIKENESS and wanted[0] == name[0] else 0.0
