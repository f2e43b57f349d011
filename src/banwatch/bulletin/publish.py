"""Write a bulletin: the ban's page, its pictures, and a page for each day's measurements."""

from collections.abc import Callable, Mapping
from pathlib import Path

from banwatch.bulletin.plan import DAY_DEPTH, FEED, INCIDENT_DEPTH, Plan, plan_pages
from banwatch.explorer.ban_view import BanFacts, PictureView, read_ban, view_ban
from banwatch.explorer.chart import draw_png, draw_svg
from banwatch.explorer.checks import check_facts
from banwatch.explorer.day_view import view_day, view_measurements
from banwatch.explorer.days import DayCount, DayKey, fold_days
from banwatch.explorer.feed import write_feed
from banwatch.explorer.incident_view import view_incident_page
from banwatch.explorer.links import FileLinks, Links, chart_path, incident_path
from banwatch.explorer.notices import notices_for
from banwatch.explorer.pictures import charts, picture_view
from banwatch.explorer.reader import Reader
from banwatch.explorer.render import render, style_sheet
from banwatch.explorer.store_reader import StoreReader
from banwatch.model.cell import Cell
from banwatch.model.errors import BanwatchError
from banwatch.store import Store

Progress = Callable[[int, int], None]
"""Called with the pages written so far, and their number in all."""


def publish(
    store: Store,
    ban_id: str,
    out_dir: Path,
    *,
    recorded: bool = False,
    score: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a bulletin on a ban into a folder; it opens from disk, with no network and no script.

    Args:
        store: what was measured.
        ban_id: which ban.
        out_dir: made where it is missing; files of an earlier bulletin are overwritten.
        recorded: the measurements were replayed from a recording; every page says so.
        score: the run's score against the lab's own log, where there is one.
        progress: told of every page written.

    Returns:
        The page to begin at.

    Raises:
        BanwatchError: no such ban is known, or the folder cannot be written.
    """
    return publish_from(
        StoreReader(store), ban_id, out_dir, recorded=recorded, score=score, progress=progress
    )


def publish_from(
    reader: Reader,
    ban_id: str,
    out_dir: Path,
    *,
    recorded: bool = False,
    score: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Path:
    """As `publish`, from whatever answers the reader's questions."""
    facts = read_ban(reader, ban_id)
    plan = plan_pages(reader, facts)
    tell = progress or (lambda done, total: None)
    try:
        index = _write_front(reader, facts, plan, out_dir, recorded=recorded, score=score)
        tell(1, len(plan.days) + 1)
        _write_incidents(reader, facts, plan, out_dir, recorded=recorded)
        _write_days(reader, plan, out_dir, tell, recorded=recorded)
    except OSError as error:
        raise BanwatchError(
            f"the bulletin cannot be written to {out_dir}: {error.strerror or error}",
            "Give a folder that can be written, on a disk with room.",
        ) from error
    return index


def _write_front(
    reader: Reader,
    facts: BanFacts,
    plan: Plan,
    out_dir: Path,
    *,
    recorded: bool,
    score: Mapping[str, float] | None,
) -> Path:
    links = plan.links(0)
    days = fold_days(_cells(reader, facts))
    _write(out_dir / "style.css", style_sheet().encode())
    page = view_ban(
        facts,
        links,
        recorded=recorded,
        days=days,
        pictures=_draw(reader, facts, days, links, out_dir, recorded=recorded),
        score=score,
        checks=check_facts(facts, days, (v for found in plan.verdicts.values() for v in found)),
    )
    index = out_dir / "index.html"
    _write(index, render("ban.html", page).encode())
    return index


def _cells(reader: Reader, facts: BanFacts) -> list[Cell]:
    countries = sorted({row.probe_cc for row in facts.rows})
    return [cell for country in countries for cell in reader.cells(probe_cc=country)]


def _draw(
    reader: Reader,
    facts: BanFacts,
    days: Mapping[DayKey, DayCount],
    links: FileLinks,
    out_dir: Path,
    *,
    recorded: bool,
) -> list[PictureView]:
    views = []
    for column, chart in charts(facts, days, reader.changes(), links, recorded=recorded):
        drawing = draw_svg(chart)
        _write(out_dir / chart_path(column.place, "svg"), drawing.standalone.encode())
        _write(out_dir / chart_path(column.place, "png"), draw_png(chart))
        views.append(picture_view(facts, column, chart, drawing.inline, links))
    return views


def _write_incidents(reader: Reader, facts: BanFacts, plan: Plan, out_dir: Path, *, recorded: bool) -> None:
    links = plan.links(INCIDENT_DEPTH)
    notices = notices_for(facts.labs, recorded=recorded)
    changes = reader.changes()
    for incident in facts.incidents:
        page = view_incident_page(incident, changes, [facts.ban], notices, links)
        _write(out_dir / incident_path(incident.incident_id), render("incident.html", page).encode())
    addresses = {i.incident_id: incident_path(i.incident_id) for i in facts.incidents}
    _write(out_dir / FEED, write_feed(facts.incidents, address_of=addresses, own=FEED, lab=facts.lab))


def _write_days(reader: Reader, plan: Plan, out_dir: Path, tell: Progress, *, recorded: bool) -> None:
    links: Links = plan.links(DAY_DEPTH)
    neighbours = plan.neighbours()
    done, total = 1, len(plan.days) + 1
    for batch in plan.batches():
        verdicts = {uid: plan.verdicts[uid] for key in batch for uid in plan.days[key]}
        views = view_measurements(reader, verdicts, links)
        for key in batch:
            earlier, later = neighbours[key]
            page = view_day(
                key,
                [views[uid] for uid in plan.days[key] if uid in views],
                links,
                recorded=recorded,
                earlier=links.day(earlier) if earlier else "",
                later=links.day(later) if later else "",
            )
            _write(out_dir / plan.paths[key], render("day.html", page).encode())
            done += 1
            tell(done, total)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
