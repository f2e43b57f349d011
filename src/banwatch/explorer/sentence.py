"""The one sentence that a newspaper could print, computed from the comparison."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

from banwatch.explorer import words
from banwatch.explorer.columns import Column, place_of
from banwatch.model.ban import Ban, Comparison, Measured
from banwatch.model.ids import TargetName

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
    scene = " in the lab’s model of the country," if lab else ""
    announced = {row.target for row in rows if row.announced}
    clauses = [
        _clause(column, [row for row in rows if place_of(row) == column.place], len(announced))
        for column in columns[:_MAX_PLACES]
    ]
    if not any(row.measurements for row in rows):
        return f"{_what_was_announced(ban, announced)}; no measurement shows yet whether that is so."
    if len(columns) > _MAX_PLACES:
        clauses.append(f"{words.counted(len(columns) - _MAX_PLACES, 'more network')} were measured")
    said = "; ".join(clauses)
    if not announced:
        return f"{_what_was_announced(ban, announced)};{scene} {said}."
    return f"Of {_the_sites(ban, announced)},{scene} {said}."


def _the_sites(ban: Ban, announced: Set[TargetName]) -> str:
    what = "the one site" if len(announced) == 1 else f"the {words.number(len(announced))} sites"
    who = words.country(ban.country)
    return f"{what} that {who} announced it would block{_from(ban)}{_examples(ban, announced)}"


def _what_was_announced(ban: Ban, announced: Set[TargetName]) -> str:
    what = words.counted(len(announced), "site") if announced else "the sites on its list"
    return f"{words.country(ban.country)} announced a block of {what}{_from(ban)}{_examples(ban, announced)}"


def _from(ban: Ban) -> str:
    return f" from {words.day(ban.begins)}" if ban.begins else ""


def _examples(ban: Ban, announced: Set[TargetName]) -> str:
    named = [words.visible(target, 60) for target in ban.targets if target in announced]
    if len(announced) < 2 or not named:
        return ""
    names = words.listed(named[:_MAX_NAMES])
    return f" ({names})" if len(announced) <= _MAX_NAMES else f" (among them {names})"


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


def _clause(column: Column, rows: Sequence[Comparison], expected: int) -> str:
    announced = _sort([row for row in rows if row.announced])
    others = _sort([row for row in rows if not row.announced])
    if not announced.count and not others.count:
        return f"there is no data for {column.label}"
    if not announced.count:
        return _only_others(column, others)
    told = _reach(column, announced, expected)
    asides = []
    if announced.enforced and announced.partly:
        asides.append(f"{_names(announced.partly)} {_is(announced.partly)} blocked in part")
    if announced.enforced and announced.free:
        verb = "still opens" if len(announced.free) == 1 else "still open"
        asides.append(f"{_names(announced.free)} {verb}")
    if others.enforced:
        asides.append(_beyond(others))
    return f"{told}, while {words.listed(asides)}" if asides else told


def _reach(column: Column, found: _Sorted, expected: int) -> str:
    """Say how many of the announced sites open; "of them" refers to the sentence's beginning."""
    of_measured = "" if found.count == expected else f" of the {words.number(found.count)} measured"
    if found.enforced:
        everything = len(found.enforced) == found.count and not of_measured
        some = words.number(len(found.enforced))
        which = ("it" if found.count == 1 else "any") if everything else f"{some}{of_measured}"
        return (
            f"{column.label} {_cannot(found.enforced)} {which}{_since(found.enforced)}{_by(found.enforced)}"
        )
    if found.partly:
        those = words.number(len(found.partly))
        why = f"{_since(found.partly)}{_by(found.partly)}"
        return f"{column.label} can open {those}{of_measured} only at times{why}"
    if of_measured:
        return (
            f"{column.label} can open all {words.number(found.count)} measured"
            if found.count > 1
            else (f"{column.label} can open the one measured")
        )
    return f"{column.label} can open {'it' if found.count == 1 else 'all'}"


def _cannot(rows: Sequence[Comparison]) -> str:
    """Choose the tense: it is over, it was always so, or it began and lasts."""
    if all(row.until for row in rows):
        return "could not open"
    if any(not row.since_known or not row.since for row in rows):
        return "cannot open"
    return "have been unable to open"


def _beyond(others: _Sorted) -> str:
    blocked = others.enforced
    if len(blocked) <= _MAX_NAMES:
        return f"{_names(blocked)} {_is(blocked)} blocked without having been announced"
    if len(blocked) == others.count:
        return f"all {words.number(others.count)} other sites measured are blocked too, unannounced"
    some, all_ = words.number(len(blocked)), words.number(others.count)
    return f"{some} of {all_} other sites measured are blocked too, unannounced"


def _only_others(column: Column, others: _Sorted) -> str:
    if others.enforced:
        return f"for {column.label} {_beyond(others)}"
    return f"{column.label} can open every other site measured"


def _since(rows: Sequence[Comparison]) -> str:
    """Say since when: one interval where all agree, else the first and the last."""
    if any(not row.since_known for row in rows):
        first = min((row.since[0] for row in rows if row.since), default=None)
        return f" (nor could they when measuring began, on {words.day(first.date())})" if first else ""
    intervals = sorted({row.since for row in rows if row.since})
    if not intervals:
        return ""
    said = list(dict.fromkeys(words.between(*interval) for interval in intervals))
    ends = [row.until for row in rows if row.until]
    if len(ends) == len(rows):
        return f" from {said[0]} until {words.between(*max(ends))}"
    return (
        f" since {said[0]}"
        if len(said) == 1
        else f", the first since {said[0]} and the last since {said[-1]},"
    )


def _by(rows: Sequence[Comparison]) -> str:
    counts = Counter(name for row in rows for name in row.mechanisms if name != "network.shutdown")
    if not counts:
        counts = Counter(name for row in rows for name in row.mechanisms)
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    said = list(dict.fromkeys(words.mechanism_briefly(name) for name in ordered))
    if not said:
        return ""
    means = words.listed(said if len(said) <= _MAX_MEANS else [*said[: _MAX_MEANS - 1], "other means"])
    return f" because of {means}"


def _names(rows: Sequence[Comparison]) -> str:
    names = [words.visible(row.target, 60) for row in rows]
    return words.listed(names, _MAX_NAMES + 1)


def _is(rows: Sequence[Comparison]) -> str:
    return "is" if len(rows) == 1 else "are"
