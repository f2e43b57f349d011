"""The one sentence that a newspaper could print, computed from the comparison."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.explorer import words
from banwatch.explorer.columns import Column, place_of
from banwatch.model.ban import Ban, Comparison, Measured

_MAX_PLACES = 4
"""More clauses than this, and nobody reads to the end."""
_MAX_NAMES = 3
_MAX_MEANS = 4


def headline(ban: Ban, rows: Sequence[Comparison], columns: Sequence[Column], *, lab: bool) -> str:
    """Say what was announced and how much of it holds: for whom, since when, by what means.

    Args:
        ban: what was announced.
        rows: the comparison.
        columns: its places, in the order in which they are to be told.
        lab: the measurements were made in a lab; the sentence then says so itself, wherever it is quoted.
    """
    announcement = _announcement(ban, len({row.target for row in rows if row.announced}))
    clauses = [
        _clause(column, [row for row in rows if place_of(row) == column.place])
        for column in columns[:_MAX_PLACES]
    ]
    clauses = [clause for clause in clauses if clause]
    if not clauses:
        return f"{announcement}; no measurement shows yet whether that is so."
    if len(columns) > _MAX_PLACES:
        clauses.append(f"{words.counted(len(columns) - _MAX_PLACES, 'more network')} were measured")
    scene = "in the lab’s model of the country, " if lab else ""
    return f"{announcement}; {scene}{'; '.join(clauses)}."


def _announcement(ban: Ban, announced: int) -> str:
    who = words.country(ban.country)
    what = words.counted(announced, "site") if announced else "the sites on its list"
    named = words.listed([words.visible(target, 60) for target in ban.targets], 5)
    kinds = words.listed([words.category(code) for code in ban.categories])
    detail = " and ".join(part for part in (named, f"sites for {kinds}" if kinds else "") if part)
    when = f" from {words.day(ban.begins)}" if ban.begins else ""
    return f"{who} announced a block of {what}{when}" + (f", among them {detail}" if detail else "")


@dataclass(frozen=True, slots=True)
class _Sorted:
    enforced: list[Comparison]
    partly: list[Comparison]
    free: list[Comparison]

    @property
    def count(self) -> int:
        return len(self.enforced) + len(self.partly) + len(self.free)


def _sort(rows: Sequence[Comparison]) -> _Sorted:
    def of(measured: Measured) -> list[Comparison]:
        return sorted((row for row in rows if row.measured is measured), key=lambda row: row.target)

    return _Sorted(of(Measured.ENFORCED), of(Measured.PARTLY), of(Measured.NOT_ENFORCED))


def _clause(column: Column, rows: Sequence[Comparison]) -> str:
    announced = _sort([row for row in rows if row.announced])
    others = _sort([row for row in rows if not row.announced])
    if not announced.count and not others.count:
        return f"there is no data for {column.label}"
    parts = []
    if announced.count:
        parts.append(_reach(column, announced))
        if announced.enforced and announced.free:
            verb = "still opens" if len(announced.free) == 1 else "still open"
            parts.append(f"{_names(announced.free)} {verb}")
        if announced.enforced and announced.partly:
            parts.append(f"{_names(announced.partly)} {_is(announced.partly)} blocked in part")
    if others.enforced:
        parts.append(_beyond(column, others, alone=not announced.count))
    elif not announced.count:
        parts.append(f"{column.label} can open every site measured")
    return words.listed(parts)


def _reach(column: Column, found: _Sorted) -> str:
    if found.enforced:
        if len(found.enforced) < found.count:
            object_ = f"{words.number(len(found.enforced))} of the {words.number(found.count)} measured"
        else:
            object_ = {1: "it", 2: "either of them"}.get(found.count, "any of them")
        ended = all(row.until for row in found.enforced)
        verb = "could not open" if ended else "cannot open"
        return f"{column.label} {verb} {object_}{_since(found.enforced)} because of {_means(found.enforced)}"
    if found.partly:
        those = words.number(len(found.partly)) if len(found.partly) < found.count else "all"
        return (
            f"{column.label} meet a block on {those} of the {words.number(found.count)} measured in part"
            f"{_since(found.partly)}, because of {_means(found.partly)}"
        )
    return f"{column.label} can open {'it' if found.count == 1 else 'all of them'}"


def _beyond(column: Column, others: _Sorted, *, alone: bool) -> str:
    blocked = others.enforced
    if len(blocked) <= _MAX_NAMES:
        subject = _names(blocked)
    else:
        subject = f"{words.number(len(blocked))} of {words.counted(others.count, 'other site')} measured"
    for_whom = f" for {column.label}" if alone else ""
    return f"{subject} {_is(blocked)} blocked{for_whom} without having been announced"


def _since(rows: Sequence[Comparison]) -> str:
    """Say since when: one interval where all agree, else the first and the last."""
    if any(not row.since_known for row in rows):
        first = min((row.since[0] for row in rows if row.since), default=None)
        return f" since before {words.day(first.date())}, when measuring began," if first else ""
    intervals = sorted({row.since for row in rows if row.since})
    if not intervals:
        return ""
    said = list(dict.fromkeys(words.between(*interval) for interval in intervals))
    start = (
        f" since {said[0]}" if len(said) == 1 else f" (the first since {said[0]}, the last since {said[-1]})"
    )
    ends = [row.until for row in rows if row.until]
    if len(ends) == len(rows) and len(said) == 1:
        return f" from {said[0]} until {words.between(*max(ends))}"
    return start


def _means(rows: Sequence[Comparison]) -> str:
    counts = Counter(name for row in rows for name in row.mechanisms if name != "network.shutdown")
    if not counts:
        counts = Counter(name for row in rows for name in row.mechanisms)
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    said = list(dict.fromkeys(words.mechanism(name) for name in ordered))
    if not said:
        return "interference of an unknown kind"
    return words.listed(said if len(said) <= _MAX_MEANS else [*said[: _MAX_MEANS - 1], "other means"])


def _names(rows: Sequence[Comparison]) -> str:
    names = [words.visible(row.target, 60) for row in rows]
    return words.listed(names, _MAX_NAMES + 1)


def _is(rows: Sequence[Comparison]) -> str:
    return "is" if len(rows) == 1 else "are"
