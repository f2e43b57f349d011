"""Write a bulletin: a front page, its pictures, and a page for each day's measurements."""

from collections.abc import Mapping
from pathlib import Path

from banwatch.bulletin.evidence_bundle import bundle_evidence
from banwatch.bulletin.front_page import Front
from banwatch.bulletin.output_folder import Folder
from banwatch.bulletin.page_plan import DAY_DEPTH, FEED, INCIDENT_DEPTH, STYLE, Plan, plan_pages
from banwatch.bulletin.subjects import ban_front, incident_front
from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.pages.links import FileLinks, Links, incident_path
from banwatch.pages.reader import Reader
from banwatch.pages.render import render, style_sheet
from banwatch.pages.store_reader import StoreReader
from banwatch.pages.views.day import view_day, view_measurements
from banwatch.pages.views.facts import Fact
from banwatch.pages.views.feed import write_feed
from banwatch.pages.views.incident import view_incident_page
from banwatch.pages.views.notices import notices_for
from banwatch.pages.views.provenance import check_facts
from banwatch.store import Store


def publish(
    store: Store,
    subject_id: str,
    out_dir: Path,
    *,
    recorded: bool = False,
    score: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a bulletin on a ban or an incident; it opens from disk, with no network and no script.

    Args:
        store: what was measured.
        subject_id: a ban's name or an incident's id.
        out_dir: made where it is missing; an earlier bulletin in it is replaced. Left as if nothing had been
            tried where the writing fails.
        recorded: the measurements were replayed from a recording; every page says so.
        score: the run's score against the lab's own log, where there is one.
        progress: told of every page written.

    Returns:
        The page to begin at.

    Raises:
        BanwatchError: there is no such ban or incident, or the folder cannot be written.
    """
    reader = StoreReader(store)
    return publish_from(reader, subject_id, out_dir, recorded=recorded, score=score, progress=progress)


def publish_from(
    reader: Reader,
    subject_id: str,
    out_dir: Path,
    *,
    recorded: bool = False,
    score: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Path:
    """As `publish`, from whatever answers the reader's questions."""
    front = _front(reader, subject_id, recorded=recorded or reader.recorded(), score=score)
    plan = plan_pages(reader, front)
    tell = progress or (lambda done, total: None)
    try:
        with Folder(out_dir) as folder:
            _write_all(reader, front, plan, folder, tell)
    except OSError as error:
        raise BanwatchError(
            f"the bulletin cannot be written to {out_dir}: {error.strerror or error}",
            "Give a folder that can be written, on a disk with room.",
        ) from error
    return out_dir / "index.html"


def _front(reader: Reader, subject_id: str, *, recorded: bool, score: Mapping[str, float] | None) -> Front:
    if subject_id in reader.bans():
        return ban_front(reader, subject_id, recorded=recorded, score=score)
    incidents = reader.incidents()
    for incident in incidents:
        if incident.incident_id == subject_id:
            return incident_front(reader, incident, recorded=recorded)
    known = ", ".join([*sorted(reader.bans()), *(incident.incident_id for incident in incidents)])
    raise BanwatchError(f"nothing is called {subject_id!r}", f"Known are: {known or 'none'}.")


def _write_all(reader: Reader, front: Front, plan: Plan, folder: Folder, tell: Progress) -> None:
    links = plan.links(0)
    pictures = front.draw(links)
    files = {
        STYLE: style_sheet().encode(),
        **{path: content for picture in pictures for path, content in picture.files.items()},
    }
    for path, content in files.items():
        folder.write(path, content)

    def checks(digest: str) -> tuple[Fact, ...]:
        counted = plan.counts(front.days)
        return check_facts(front.labs, counted, plan.judged(), digest, left_out=plan.left_out)

    alone = FileLinks(depth=0, pages={}, days={})  # a bundle's page has no pages beside it
    digest = bundle_evidence(
        reader,
        plan.verdicts,
        {**files, "index.html": front.render(alone, checks(""), [p.plain for p in pictures]).encode()},
        folder.path / plan.bundle,
        subject_id=front.id,
        title=front.title,
        labs=front.labs,
        recorded=front.recorded,
    )
    folder.write("index.html", front.render(links, checks(digest), [p.linked for p in pictures]).encode())
    tell(1, len(plan.days) + 1)
    _write_incidents(reader, front, plan, folder)
    _write_days(reader, front, plan, folder, tell)


def _write_incidents(reader: Reader, front: Front, plan: Plan, folder: Folder) -> None:
    links = plan.links(INCIDENT_DEPTH)
    notices = notices_for(front.labs, recorded=front.recorded)
    changes = reader.changes()
    for incident in front.incidents:
        page = view_incident_page(incident, changes, front.bans, notices, links)
        folder.write(incident_path(incident.incident_id), render("incident.html", page).encode())
    addresses = {i.incident_id: incident_path(i.incident_id) for i in front.incidents}
    feed = write_feed(front.incidents, address_of=addresses, own=FEED, lab=any(front.labs))
    folder.write(FEED, feed)


def _write_days(reader: Reader, front: Front, plan: Plan, folder: Folder, tell: Progress) -> None:
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
                recorded=front.recorded,
                earlier=links.day(earlier) if earlier else "",
                later=links.day(later) if later else "",
            )
            folder.write(plan.paths[key], render("day.html", page).encode())
            done += 1
            tell(done, total)
