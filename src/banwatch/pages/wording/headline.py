"""The headline of a ban, one sentence fit to print, and the paragraphs after it, from the comparison."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from banwatch.bans.compare import announced_targets
from banwatch.model.ban import UNSPECIFIED, Ban, Comparison, Meant
from banwatch.model.ids import TargetName
from banwatch.model.incident import Incident, IncidentKind
from banwatch.pages.vantages import ComparisonColumn, vantage_of
from banwatch.pages.wording import ladder, moments, words
from banwatch.pages.wording.ladder import Rung

_MAX_VANTAGES = 6
"""Networks described one by one; more are counted."""
_MAX_NAMES = 3
_MAX_MECHANISMS = 4


@dataclass(frozen=True, slots=True)
class SortedRows:
    """Rows of the comparison with data, by their rung, each in order of targets."""

    blocked: list[Comparison]
    """Blocked or likely blocked."""
    tampered: list[Comparison]
    at_times: list[Comparison]
    free: list[Comparison]

    @property
    def count(self) -> int:
        """Return the number of rows with data."""
        return len(self.blocked) + len(self.tampered) + len(self.at_times) + len(self.free)

    @property
    def accusing(self) -> list[Comparison]:
        """Return the rows that show interference."""
        return [*self.blocked, *self.tampered, *self.at_times]


def sort_rows(rows: Iterable[Comparison]) -> SortedRows:
    """Sort rows by rung; those without data are left out."""
    found = sorted(rows, key=lambda row: row.target)

    def of(*rungs: Rung) -> list[Comparison]:
        return [row for row in found if ladder.of_comparison(row) in rungs]

    return SortedRows(
        of(Rung.BLOCKED, Rung.LIKELY_BLOCKED), of(Rung.TAMPERED), of(Rung.AT_TIMES), of(Rung.OK)
    )


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
        return f"{country} announced a block of {what}{_from(ban)}; {_unmeasured(country)}."
    setting = f"in the lab’s model of {country}, " if lab else ""
    who = "the country" if lab else country  # the setting names it already
    said = (
        _one_vantage(ban, who, *measured_columns[0], len(announced))
        if len(measured_columns) == 1
        else _many_vantages(ban, who, measured_columns, announced)
    )
    return _capital(f"{setting}{said}.")


def _unmeasured(country: str) -> str:
    return f"we have no measurements from {country} that could tell"


def _of_a_shutdown(ban: Ban, incidents: Iterable[Incident], *, lab: bool) -> str:
    """Return the headline of a ban that names no site and announces a shutdown of the network."""
    country = words.country(ban.country)
    said = f"{country} announced a shutdown of the network{_from(ban)}"
    found = sorted(
        (incident.onset_earliest, incident.onset_latest)
        for incident in incidents
        if incident.kind is IncidentKind.SHUTDOWN
    )
    if not found:
        return f"{said}; {_unmeasured(country)}."
    shown = words.counted(len(found), "time")
    first = f", {'on' if len(found) == 1 else 'the first on'} {moments.between(*found[0], ban.country)}"
    where = "in the lab’s model " if lab else ""
    return f"{said}; {where}measurements got no answer at all {shown}{first}."


def _one_vantage(ban: Ban, who: str, column: ComparisonColumn, found: SortedRows, expected: int) -> str:
    sites = f"{'site' if expected == 1 else 'sites'} {_that(ban, who)}"
    for rows in (found.blocked, found.at_times, found.tampered):
        if rows:
            which = _which(len(rows), found.count, expected)
            state = f"{_have_been(rows)} {_rungs(rows)} for {column.people}{_since(rows)}"
            more = f"; {words.number(len(found.tampered))} {_is(found.tampered)} tampered with"
            return f"{which} {sites} {state}{more if found.tampered and rows is not found.tampered else ''}"
    which = _which(found.count, found.count, expected)
    verb = "is" if found.count == 1 else "are"
    return f"{which} {sites} {verb} reachable for {column.people}"


def _that(ban: Ban, who: str) -> str:
    """Return how the sites are bound: announced themselves, or some as stand-ins for a category."""
    if ban.category_targets:
        return f"covered by {who}’s announced ban"
    return f"that {who} announced it would block"


def _which(some: int, measured: int, expected: int) -> str:
    """Return the share in words: `eight of the nine`, `all nine`, `the one`, `both`."""
    if expected == 1:
        return "the one"
    if measured < expected:
        return f"{words.number(some)} (of {words.number(measured)} measured) of the {words.number(expected)}"
    if some < expected:
        return f"{words.number(some)} of the {words.number(expected)}"
    return "both" if expected == 2 else f"all {words.number(expected)}"


def _rungs(rows: Sequence[Comparison]) -> str:
    """Name the rungs of rows, from the strongest: `blocked or likely blocked`."""
    found = {ladder.of_comparison(row) for row in rows}
    return " or ".join(ladder.in_a_sentence(rung) for rung in Rung if rung in found)


def _many_vantages(
    ban: Ban,
    who: str,
    measured_columns: Sequence[tuple[ComparisonColumn, SortedRows]],
    announced: frozenset[TargetName],
) -> str:
    sites = f"{words.counted(len(announced), 'site')} {_that(ban, who)}"
    hit = [found for _, found in measured_columns if found.accusing]
    on = f"on {words.number(len(hit))} of the {words.number(len(measured_columns))} networks measured"
    if not hit:
        return f"the {sites} are reachable on all networks measured"
    some = "all" if all(found.count == len(found.blocked) for found in hit) else "some or all"
    rows = [row for found in hit for row in found.accusing]
    return f"{some} of the {sites} are {_rungs(rows)} {on}{_since(rows)}"


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
    others += [
        shutdown_sentence(incident) for incident in incidents if incident.kind is IncidentKind.SHUTDOWN
    ]
    return tuple(" ".join(sentences) for sentences in (bound, others) if sentences)


def _what_was_announced(ban: Ban, announced: frozenset[TargetName]) -> str:
    """Return what was announced by name, and which targets stand for the announced categories."""
    stand_ins = {target: code for code, target in ban.category_targets}
    readings = [one.target for one in ban.meanings if one.meant is Meant.READING]
    named = [words.visible(target, 60) for target in ban.targets if target not in readings]
    said = []
    if count := len(announced - stand_ins.keys() - set(readings)):
        verb = "was" if count == 1 else "were"
        what = f"{_capital(words.counted(count, 'site'))} {verb} announced by name{_from(ban)}"
        if named and len(named) == count <= _MAX_NAMES:
            what += f": {words.listed(named)}"
        elif named:
            what += f", among them {words.listed(named[:_MAX_NAMES])}"
        until = "for a time not named" if ban.ends == UNSPECIFIED else f"until {ban.ends}"
        said.append(f"{what}, {until}.")
    if readings:
        names = words.listed([words.visible(target, 60) for target in readings], _MAX_NAMES + 1)
        said.append(f"That it means {names} is our reading.")
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
    if mechanisms := _mechanisms(found.accusing):
        said.append(f"{_capital(column.label)} meet {mechanisms}.")
    if found.tampered and found.blocked:
        said.append(f"{_names(found.tampered)} {_is(found.tampered)} tampered with: reachable all the same.")
    if found.at_times and found.blocked:
        said.append(f"{_names(found.at_times)} {_is(found.at_times)} blocked at times.")
    if found.free and found.accusing:
        verb = "is" if len(found.free) == 1 else "are"
        was = "was" if len(found.free) == 1 else "were"
        said.append(f"{_names(found.free)} {was} announced as blocked and {verb} reachable.")
    for rows in (others.blocked, others.tampered, others.at_times):
        if not rows:
            continue
        if len(rows) <= _MAX_NAMES:
            who = f"{_names(rows)} {_is(rows)}"
        else:
            who = f"{_capital(_part(len(rows), others.count))} other sites measured are"
        said.append(f"{who} {_rungs(rows)} without having been announced.")
    return said


def _unbound_network(column: ComparisonColumn, found: SortedRows, others: SortedRows) -> str:
    """Describe a network that the ban does not bind."""
    count = found.count + others.count
    free = sorted([*found.free, *others.free], key=lambda row: row.target)
    hit = [*found.accusing, *others.accusing]
    measurable = f"{words.counted(count, 'site')} that could be measured"
    verb = "is" if count == 1 else "are"
    if not hit:
        return f"For {column.label}, {'the' if count == 1 else 'all'} {measurable} {verb} reachable."
    if len(free) and len(free) <= _MAX_NAMES:
        which = f"all but {_names(free)} of the {measurable}"
    elif not free:
        which = f"{'the' if count == 1 else 'all'} {measurable}"
    else:
        which, verb = f"{words.number(len(hit))} of the {measurable}", _is(hit)
    mechanisms = _mechanisms(hit)
    because = f", because of {mechanisms}" if mechanisms else ""
    return f"For {column.label}, {which} {verb} {_rungs(hit)}{_since(hit)}{because}."


def shutdown_sentence(incident: Incident) -> str:
    """Say that a network gave no answer: what was seen, and that its cause is not known."""
    people = words.listed([words.tier(name) for name in incident.access_tiers if name])
    for_whom = f" for {people}" if people else ""
    by = words.counted(incident.probes, "separate probe or report", "separate probes or reports")
    counts = f"none of {incident.measurements:,} measurements by {by}"
    cc = incident.probe_cc
    onset = moments.between(incident.onset_earliest, incident.onset_latest, cc)
    got = "reached a site abroad" if incident.reached else "got any answer"
    said = f"{_capital(counts)}{for_whom} {got}"
    if incident.end_earliest is None or incident.end_latest is None:
        return f"{said} since {onset}; the cause is not known."
    end = moments.between(incident.end_earliest, incident.end_latest, cc)
    span = moments.lasted(
        (incident.onset_earliest, incident.onset_latest),
        (incident.end_earliest, incident.end_latest),
        onset_known=incident.onset_known,
    )
    return f"{said} from {onset} until {end} ({span}); the cause is not known."


def _announced(ban: Ban, rows: Sequence[Comparison]) -> frozenset[TargetName]:
    return announced_targets(ban) | {row.target for row in rows if row.announced}


def _at(rows: Sequence[Comparison], column: ComparisonColumn) -> list[Comparison]:
    return [row for row in rows if vantage_of(row) == column.vantage]


def _from(ban: Ban) -> str:
    return f" from {words.day(ban.begins)}" if ban.begins else ""


def _have_been(rows: Sequence[Comparison]) -> str:
    """Return the verb in the tense of the block: over, there from the start, or begun and lasting."""
    one = len(rows) == 1
    if all(row.until for row in rows):
        return "was" if one else "were"
    if any(not row.since_known or not row.since for row in rows):
        return "is" if one else "are"
    return "has been" if one else "have been"


def _since(rows: Sequence[Comparison]) -> str:
    """Return the onset in words: one interval where all rows agree, else the first and the last."""
    cc = rows[0].probe_cc if rows else ""
    if any(not row.since_known for row in rows):
        first = min((row.since[0] for row in rows if row.since), default=None)
        if first is None:
            return ""
        return f" (it was so when measuring began, on {words.day(moments.local(first, cc).date())})"
    intervals = sorted({row.since for row in rows if row.since})
    if not intervals:
        return ""
    said = list(dict.fromkeys(moments.between(*interval, cc) for interval in intervals))
    ends = [row.until for row in rows if row.until]
    if len(ends) == len(rows):
        return f", from {said[0]} until {moments.between(*max(ends), cc)}"
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
