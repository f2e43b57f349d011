"""From days to pictures: one chart for each column of the comparison."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta

from banwatch.explorer import words
from banwatch.explorer.ban_view import BanFacts, PictureView, grouped
from banwatch.explorer.chart import Band, Chart, Square
from banwatch.explorer.columns import Column, Place
from banwatch.explorer.days import DAY_WORDS, DayCount, DayKey, DayState
from banwatch.explorer.links import Links
from banwatch.model.incident import Change, Kind

MAX_DAYS = 62
"""More squares than these in a row are too small to read: a picture shows the days nearest the change."""


def charts(
    facts: BanFacts,
    days: Mapping[DayKey, DayCount],
    changes: Sequence[Change],
    links: Links,
    *,
    recorded: bool,
) -> list[tuple[Column, Chart]]:
    """Lay out a chart for each column.

    Args:
        facts: the ban and its comparison.
        days: what each day looked like.
        changes: among them the shutdowns, which are marked.
        links: where each square leads to.
        recorded: the measurements were replayed from a recording; the picture says so itself.
    """
    targets = {target for _, members in grouped(facts) for target in members}
    known = {key: count for key, count in days.items() if key.target in targets}
    if not known:
        return []
    shown = _shown_days(facts, known)
    return [
        (column, _chart(facts, column, shown, known, changes, links, recorded)) for column in facts.columns
    ]


def _shown_days(facts: BanFacts, days: Mapping[DayKey, DayCount]) -> tuple[date, ...]:
    """Every day from the first measurement to the last, or the stretch of them around the announcement."""
    first, last = min(key.day for key in days), max(key.day for key in days)
    if (last - first).days >= MAX_DAYS:
        centre = facts.ban.begins if facts.ban.begins and first <= facts.ban.begins <= last else last
        first = max(first, centre - timedelta(days=MAX_DAYS // 3))
        last = min(last, first + timedelta(days=MAX_DAYS - 1))
    return tuple(first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _chart(
    facts: BanFacts,
    column: Column,
    shown: tuple[date, ...],
    days: Mapping[DayKey, DayCount],
    changes: Sequence[Change],
    links: Links,
    recorded: bool,
) -> Chart:
    bands = tuple(Band(title=title, targets=tuple(targets)) for title, targets in grouped(facts))
    squares = []
    for _, members in grouped(facts):
        for target in members:
            for day in shown:
                key = DayKey(column.place, target, day)
                count = days.get(key, DayCount())
                squares.append(
                    Square(
                        target=target,
                        day=day,
                        state=count.state,
                        note=describe(target, day, count),
                        href=links.day(key) if count.total else "",
                    )
                )
    shutdown = shutdown_days(column.place, changes)
    marks = [mark for mark, said in (("made in a lab", facts.lab), ("recording", recorded)) if said]
    origin = " · ".join(["Banwatch", facts.ban.ban_id, *marks, f"days in UTC, {shown[0].year}"])
    return Chart(
        title=f"{column.heading} ({column.network}): what opened, day by day",
        subtitle=origin,
        alt=message(column, squares, facts, shutdown),
        days=shown,
        bands=bands,
        squares=tuple(squares),
        announced=facts.ban.begins,
        shutdown=shutdown,
    )


def describe(target: str, day: date, count: DayCount) -> str:
    """Say what a square shows."""
    said = f"{words.visible(target, 60)}, {words.day(day)}: {DAY_WORDS[count.state].lower()}"
    if count.total:
        said += f" ({count.interfered} of {words.counted(count.total, 'measurement')} showed interference)"
    return said


def shutdown_days(place: Place, changes: Sequence[Change]) -> tuple[date, ...]:
    """List the days on which a shutdown of the place's network was certainly on, in part or in whole."""
    found: set[date] = set()
    for change in changes:
        if change.kind is not Kind.SHUTDOWN:
            continue
        if (change.probe_cc, change.probe_asn, change.access_tier) != (
            place.probe_cc,
            place.probe_asn,
            place.access_tier,
        ):
            continue
        start = change.onset_latest.astimezone(UTC)
        end = (change.end_earliest or change.onset_latest).astimezone(UTC)
        found.update(
            start.date() + timedelta(days=offset) for offset in range((end.date() - start.date()).days + 1)
        )
    return tuple(sorted(found))


def message(column: Column, squares: Sequence[Square], facts: BanFacts, shutdown: Sequence[date]) -> str:
    """Say what the picture as a whole shows: its alternative text."""
    last_day = max((square.day for square in squares if square.state is not DayState.NONE), default=None)
    if last_day is None:
        return f"{column.label}: nothing was measured."
    last = [square for square in squares if square.day == last_day]
    blocked = sum(square.state in (DayState.BLOCKED, DayState.PARTLY) for square in last)
    reachable = sum(square.state is DayState.OPEN for square in last)
    said = (
        f"For {column.label}, on {words.day(last_day)}, {_of(blocked, len(last))} blocked and "
        f"{words.number(reachable) if reachable else 'none'} reachable"
    )
    begins = facts.ban.begins
    first_day = min(square.day for square in squares)
    if begins and first_day < begins:
        before = {
            square.target
            for square in squares
            if square.day < begins and square.state in (DayState.BLOCKED, DayState.PARTLY)
        }
        said += f"; before {words.day(begins)} {_of(len(before), len(last))} blocked"
    if shutdown:
        said += f"; the network was shut down on {words.listed([words.day(day) for day in shutdown], 4)}"
    return said + "."


def _of(count: int, total: int) -> str:
    some = words.number(count) if count else "none"
    return f"{some} of the {words.counted(total, 'site')} {'was' if count < 2 else 'were'}"


def picture_view(facts: BanFacts, column: Column, chart: Chart, inline: str, links: Links) -> PictureView:
    """Put a drawn chart into a page."""
    return PictureView(
        heading=f"{column.heading}, {column.network}",
        caption="Each square leads to that day’s measurements.",
        alt=chart.alt,
        svg=inline,
        svg_href=links.chart(facts.ban.ban_id, column.place, "svg"),
        png_href=links.chart(facts.ban.ban_id, column.place, "png"),
    )
