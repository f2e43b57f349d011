"""The headline of a ban, one sentence fit to print, and the paragraphs after it, from the comparison."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Measured
from banwatch.model.ids import TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.vantages import ComparisonColumn, vantage_of
from banwatch.pages.wording import words

_MAX_VANTAGES = 6
"""Networks described one by one; more are counted."""
_MAX_NAMES = 3
_MAX_MECHANISMS = 4


@dataclass(frozen=True, slots=True)
class SortedRows:
    """Rows of the comparison with data, by result, each in order of targets."""

    enforced: list[Comparison]
    partly: list[Comparison]
    free: list[Comparison]

    @property
    def count(self) -> int:
        """Return the number of rows with data."""
        return len(self.enforced) + len(self.partly) + len(self.free)


def sort_rows(rows: Iterable[Comparison]) -> SortedRows:
    """Sort rows by result; those without data are left out."""
    found = sorted(rows, key=lambda row: row.target)

    def of(measured: Measured) -> list[Comparison]:
        return [row for row in found if row.measured is measured]

    return SortedRows(of(Measured.ENFORCED), of(Measured.PARTLY), of(Measured.NOT_ENFORCED))


def headline(
    ban: Ban,
    rows: Sequence[Comparison],
    columns: Sequence[ComparisonColumn],
    incidents: Iterable[Incident] = (),
    *,
    lab: bool,
) -> str:
    """Return one sentence: how much of the announcement holds, for whom and since when.

    Args:
        ban: the announcement.
        rows: the comparison.
        columns: its columns, those that the ban binds first.
        incidents: the incidents; shutdowns among them count for a ban that announces one.
        lab: the measurements were made in a lab; the sentence then says so, as it may be quoted alone.
    """
    announced = _announced(ban, rows)
    measured_columns = [
        (column, found)
        for column in columns
        if column.bound and (found := sort_rows(r for r in _at(rows, column) if r.target in announced)).count
    ]
    country = words.country(ban.country)
    if not announced and not ban.categories:
        return _of_a_shutdown(ban, incidents, lab=lab)
    if not measured_columns:
        what = words.counted(len(announced), "site") if announced else "the sites on its list"
        return (
            f"{country} announced a block of {what}{_from(ban)}; no measurement shows yet whether that is so."
        )
    setting = f"in the lab’s model of {country}, " if lab else ""
    who = "the country" if lab else country  # the setting names it already
    said = (
        _one_vantage(ban, who, *measured_columns[0], len(announced))
        if len(measured_columns) == 1
        else _many_vantages(ban, who, measured_columns, announced)
    )
    return _capital(f"{setting}{said}.")


def _of_a_shutdown(ban: Ban, incidents: Iterable[Incident], *, lab: bool) -> str:
    """Return the headline of a ban that names no site and announces a shutdown of the network."""
    said = f"{words.country(ban.country)} announced a shutdown of the network{_from(ban)}"
    found = sorted(
        (incident.onset_earliest, incident.onset_latest)
        for incident in incidents
        if incident.kind is IncidentKind.SHUTDOWN
    )
    if not found:
        return f"{said}; no measurement shows yet whether that is so."
    shown = words.counted(len(found), "shutdown")
    first = f", {'on' if len(found) == 1 else 'the first on'} {words.between(*found[0])}"
    return f"{said}; {'in the lab’s model ' if lab else ''}measurements show {shown}{first}."


def _one_vantage(ban: Ban, who: str, column: ComparisonColumn, found: SortedRows, expected: int) -> str:
    sites = f"{'site' if expected == 1 else 'sites'} {_that(ban, who)}"
    if found.enforced:
        cannot = _cannot(found.enforced)
        which = _which(len(found.enforced), found.count, expected)
        return f"{column.people} {cannot} {which} {sites}{_since(found.enforced)}"
    if found.partly:
        which = _which(len(found.partly), found.count, expected, every="all")
        return f"only at times can {column.people} open {which} {sites}{_since(found.partly)}"
    which = _which(found.count, found.count, expected, every="all")
    return f"{column.people} can still open {which} {sites}{_from(ban)}"


def _that(ban: Ban, who: str) -> str:
    """Return how the sites are bound: announced themselves, or some as stand-ins for a category."""
    if ban.category_targets:
        return f"covered by {who}’s announced ban"
    return f"that {who} announced it would block"


def _which(some: int, measured: int, expected: int, every: str = "any") -> str:
    """Return the share in words: `eight of the nine`, `any of the nine`, `all nine`, `the one`, `both`."""
    if expected == 1:
        return "the one"
    if measured < expected:
        return f"{words.number(some)} (of {words.number(measured)} measured) of the {words.number(expected)}"
    if some < expected:
        return f"{words.number(some)} of the {words.number(expected)}"
    if every == "all":
        return "both" if expected == 2 else f"all {words.number(expected)}"
    return "either of the two" if expected == 2 else f"any of the {words.number(expected)}"


def _many_vantages(
    ban: Ban,
    who: str,
    measured_columns: Sequence[tuple[ComparisonColumn, SortedRows]],
    announced: frozenset[TargetName],
) -> str:
    sites = f"{words.counted(len(announced), 'site')} {_that(ban, who)}"
    hit = [found for _, found in measured_columns if found.enforced or found.partly]
    on = f"on {words.number(len(hit))} of the {words.number(len(measured_columns))} networks measured"
    if not hit:
        free = "can be opened on all networks measured"
        return f"the {sites}{_from(ban)} {free}"
    some = "all" if all(found.count == len(found.enforced) for found in hit) else "some or all"
    rows = [row for found in hit for row in (*found.enforced, *found.partly)]
    return f"{some} of the {sites} are blocked {on}{_since(rows)}"


def story(
    ban: Ban,
    rows: Sequence[Comparison],
    columns: Sequence[ComparisonColumn],
    incidents: Iterable[Incident] = (),
) -> tuple[str, ...]:
    """Return the paragraphs after the headline: announcement, mechanisms, exceptions, everybody else.

    Args:
        ban: the announcement.
        rows: the comparison.
        columns: its columns, those that the ban binds first.
        incidents: the incidents; shutdowns among them get a sentence.

    Returns:
        Paragraphs: on those whom the ban binds, and on everybody else.
    """
    announced = _announced(ban, rows)
    bound = [_what_was_announced(ban, announced)] if announced else []
    others = []
    for column in columns[:_MAX_VANTAGES]:
        found = sort_rows(row for row in _at(rows, column) if row.target in announced)
        beside = sort_rows(row for row in _at(rows, column) if row.target not in announced)
        if not found.count and not beside.count:
            others.append(f"There is no data for {column.label}.")
        elif column.bound:
            bound += _bound_network(column, found, beside)
        else:
            others.append(_unbound_network(column, found, beside))
    if len(columns) > _MAX_VANTAGES:
        others.append(
            f"{_capital(words.counted(len(columns) - _MAX_VANTAGES, 'more network'))} were measured."
        )
    others += [_shutdown(incident) for incident in incidents if incident.kind is IncidentKind.SHUTDOWN]
    return tuple(" ".join(sentences) for sentences in (bound, others) if sentences)


def _what_was_announced(ban: Ban, announced: frozenset[TargetName]) -> str:
    """Return what was announced by name, and which targets stand for the announced categories."""
    stand_ins = {target: code for code, target in ban.category_targets}
    count = len(announced - stand_ins.keys() | set(ban.targets))
    named = [words.visible(target, 60) for target in ban.targets]
    said = []
    if count:
        verb = "was" if count == 1 else "were"
        what = f"{_capital(words.counted(count, 'site'))} {verb} announced by name{_from(ban)}"
        if named and len(named) == count <= _MAX_NAMES:
            what += f": {words.listed(named)}"
        elif named:
            what += f", among them {words.listed(named[:_MAX_NAMES])}"
        until = "for a time not named" if ban.ends == UNSPECIFIED else f"until {ban.ends}"
        said.append(f"{what}, {until}.")
    if stand_ins:
        names = words.listed(sorted(words.visible(target, 60) for target in stand_ins), _MAX_NAMES + 1)
        codes = sorted(set(stand_ins.values()))
        kinds = words.listed([words.category(code) for code in codes])
        stand = "stands" if len(stand_ins) == 1 else "stand"
        noun = "category" if len(codes) == 1 else "categories"
        said.append(f"{names} {stand} for the announced {noun} {kinds}.")
    return " ".join(said)


def _bound_network(column: ComparisonColumn, found: SortedRows, others: SortedRows) -> list[str]:
    """Describe a network that the ban binds: mechanisms, announced sites that open, others that do not."""
    said = []
    if found.enforced or found.partly:
        mechanisms = _mechanisms([*found.enforced, *found.partly])
        if mechanisms:
            said.append(f"{_capital(column.label)} meet {mechanisms}.")
    if found.partly and found.enforced:
        said.append(f"{_names(found.partly)} {_is(found.partly)} blocked only in part.")
    if found.free and (found.enforced or found.partly):
        verb = "opens" if len(found.free) == 1 else "open"
        was = "was" if len(found.free) == 1 else "were"
        said.append(f"{_names(found.free)} {was} announced but still {verb}.")
    if others.enforced:
        if len(others.enforced) <= _MAX_NAMES:
            said.append(
                f"{_names(others.enforced)} {_is(others.enforced)} blocked without having been announced."
            )
        else:
            some, all_ = len(others.enforced), others.count
            part = _capital(_part(some, all_))
            said.append(f"{part} other sites measured are blocked without having been announced.")
    if others.partly:
        verb = "was" if len(others.partly) == 1 else "were"
        said.append(f"{_names(others.partly)}, not announced, {verb} blocked at times.")
    return said


def _unbound_network(column: ComparisonColumn, found: SortedRows, others: SortedRows) -> str:
    """Describe a network that the ban does not bind."""
    count = found.count + others.count
    blocked = [*found.enforced, *others.enforced]
    partly = [*found.partly, *others.partly]
    free = sorted([*found.free, *others.free], key=lambda row: row.target)
    who = _capital(column.label)
    measurable = f"{words.counted(count, 'site')} that could be measured"
    if not blocked and not partly:
        return f"{who} can open {'the' if count == 1 else 'all'} {measurable}."
    if not blocked:
        return f"{who} can open {words.number(len(free))} of the {measurable}; the others open only at times."
    if len(blocked) == count:
        reach = f"can open none of the {measurable}"
    elif len(free) <= _MAX_NAMES and len(free) + len(blocked) == count:
        reach = f"can open only {_names(free)} of the {measurable}"
    else:
        reach = f"cannot open {words.number(len(blocked))} of the {measurable}"
    mechanisms = _mechanisms(blocked)
    return f"{who} {reach}{_since(blocked)}{f', because of {mechanisms}' if mechanisms else ''}."


def _shutdown(incident: Incident) -> str:
    people = words.listed([words.tier(name) for name in incident.access_tiers if name])
    for_whom = f" for {people}" if people else ""
    onset = words.between(incident.onset_earliest, incident.onset_latest)
    if incident.end_earliest is None or incident.end_latest is None:
        return f"The network has been shut down{for_whom} since {onset}."
    end = words.between(incident.end_earliest, incident.end_latest)
    return f"The network was shut down{for_whom} from {onset} until {end}."


def _announced(ban: Ban, rows: Sequence[Comparison]) -> frozenset[TargetName]:
    return announced_targets(ban) | {row.target for row in rows if row.announced}


def _at(rows: Sequence[Comparison], column: ComparisonColumn) -> list[Comparison]:
    return [row for row in rows if vantage_of(row) == column.vantage]


def _from(ban: Ban) -> str:
    return f" from {words.day(ban.begins)}" if ban.begins else ""


def _cannot(rows: Sequence[Comparison]) -> str:
    """Return the verb in the tense of the block: over, there from the start, or begun and lasting."""
    if all(row.until for row in rows):
        return "could not open"
    if any(not row.since_known or not row.since for row in rows):
        return "cannot open"
    return "have been unable to open"


def _since(rows: Sequence[Comparison]) -> str:
    """Return the onset in words: one interval where all rows agree, else the first and the last."""
    if any(not row.since_known for row in rows):
        first = min((row.since[0] for row in rows if row.since), default=None)
        return f" (it was so when measuring began, on {words.day(first.date())})" if first else ""
    intervals = sorted({row.since for row in rows if row.since})
    if not intervals:
        return ""
    said = list(dict.fromkeys(words.between(*interval) for interval in intervals))
    ends = [row.until for row in rows if row.until]
    if len(ends) == len(rows):
        return f", from {said[0]} until {words.between(*max(ends))}"
    return (
        f", since {said[0]}" if len(said) == 1 else f", the first since {said[0]}, the last since {said[-1]}"
    )


def _mechanisms(rows: Sequence[Comparison]) -> str:
    counts = Counter(name for row in rows for name in row.mechanisms if name != "network.shutdown")
    if not counts:
        counts = Counter(name for row in rows for name in row.mechanisms)
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    said = list(dict.fromkeys(words.mechanism_briefly(name) for name in ordered))
    return words.listed(
        said if len(said) <= _MAX_MECHANISMS else [*said[: _MAX_MECHANISMS - 1], "other means"]
    )


def _part(some: int, all_: int) -> str:
    return (
        f"all {words.number(all_)}" if some == all_ else f"{words.number(some)} of the {words.number(all_)}"
    )


def _names(rows: Sequence[Comparison]) -> str:
    return words.listed([words.visible(row.target, 60) for row in rows], _MAX_NAMES + 1)


def _is(rows: Sequence[Comparison]) -> str:
    return "is" if len(rows) == 1 else "are"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
