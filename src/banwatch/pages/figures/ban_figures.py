"""From days to pictures: one chart for each column of the comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from banwatch.model.ids import TargetName
from banwatch.model.incident import Change, IncidentKind
from banwatch.pages.figures.chart import Band, Chart, Square
from banwatch.pages.figures.days import DAY_WORDS, DayCount, DayKey, DayState
from banwatch.pages.figures.picture import PictureView
from banwatch.pages.links import Links
from banwatch.pages.places import Column, Place
from banwatch.pages.views.ban import BanFacts, grouped
from banwatch.pages.wording import words

MAX_DAYS = 62
"""More squares than these in a row are too small to read: a picture shows the days nearest the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is to be seen: which targets, from which places, about what."""

    subject: str
    """Id of the ban or incident."""
    columns: tuple[Column, ...]
    bands: tuple[Band, ...]
    begins: date | None
    """The day from which it was announced."""
    lab: bool
    recorded: bool

    @property
    def targets(self) -> frozenset[str]:
        """Every target in it."""
        return frozenset(target for band in self.bands for target in band.targets)


def ban_scene(facts: BanFacts, *, recorded: bool) -> Scene:
    """The scene of a ban: its comparison's targets and places."""
    return Scene(
        subject=facts.ban.ban_id,
        columns=facts.columns,
        bands=tuple(Band(title=title, targets=tuple(targets)) for title, targets in grouped(facts)),
        begins=facts.ban.begins,
        lab=facts.lab,
        recorded=recorded,
    )


def charts(
    scene: Scene, days: Mapping[DayKey, DayCount], changes: Sequence[Change], links: Links
) -> list[tuple[Column, Chart]]:
    """Lay out a chart for each column.

    Args:
        scene: what is to be seen.
        days: what each day looked like.
        changes: among them the shutdowns, which are marked.
        links: where each square leads to.
    """
    targets = scene.targets
    known = {key: count for key, count in days.items() if key.target in targets}
    if not known:
        return []
    shown = _shown_days(scene, known)
    return [(column, _chart(scene, column, shown, known, changes, links)) for column in scene.columns]


def _shown_days(scene: Scene, days: Mapping[DayKey, DayCount]) -> tuple[date, ...]:
    """Every day from the first measurement to the last, or the stretch of them around the announcement."""
    first, last = min(key.day for key in days), max(key.day for key in days)
    if (last - first).days >= MAX_DAYS:
        centre = scene.begins if scene.begins and first <= scene.begins <= last else last
        first = max(first, centre - timedelta(days=MAX_DAYS // 3))
        last = min(last, first + timedelta(days=MAX_DAYS - 1))
    return tuple(first + timedelta(days=offset) for offset in range((last - first).days + 1))


def _chart(
    scene: Scene,
    column: Column,
    shown: tuple[date, ...],
    days: Mapping[DayKey, DayCount],
    changes: Sequence[Change],
    links: Links,
) -> Chart:
    squares = []
    for band in scene.bands:
        for target in band.targets:
            for day in shown:
                key = DayKey(column.place, TargetName(target), day)
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
    marks = [mark for mark, said in (("made in a lab", scene.lab), ("recording", scene.recorded)) if said]
    years = "–".join(dict.fromkeys(str(day.year) for day in (shown[0], shown[-1])))
    return Chart(
        title=f"{column.heading} ({column.network}): what opened, day by day",
        subtitle=" · ".join(["Banwatch", scene.subject, *marks, f"days in UTC, {years}"]),
        alt=message(column, squares, scene.begins, shutdown),
        days=shown,
        bands=scene.bands,
        squares=tuple(squares),
        announced=scene.begins,
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
        if change.kind is not IncidentKind.SHUTDOWN:
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


def message(column: Column, squares: Sequence[Square], begins: date | None, shutdown: Sequence[date]) -> str:
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


def picture_view(scene: Scene, column: Column, chart: Chart, inline: str, links: Links) -> PictureView:
    """Put a drawn chart into a page."""
    return PictureView(
        heading=f"{column.heading}, {column.network}",
        caption="Each square leads to that day’s measurements.",
        alt=chart.alt,
        svg=inline,
        svg_href=links.chart(scene.subject, column.place, "svg"),
        png_href=links.chart(scene.subject, column.place, "png"),
    )
