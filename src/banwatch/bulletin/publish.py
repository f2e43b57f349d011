"""Publishing of a bulletin: front page, pictures, incidents, feed, and a page for each day."""

from collections.abc import Callable, Mapping
from pathlib import Path

from banwatch.bulletin.contents import DAY_DEPTH, FEED, INCIDENT_DEPTH, STYLE, Contents, choose_contents
from banwatch.bulletin.evidence_bundle import bundle_evidence
from banwatch.bulletin.output_directory import OutputDirectory
from banwatch.bulletin.read_subject import read_subject
from banwatch.bulletin.subject import BulletinSubject
from banwatch.model.errors import BanwatchError
from banwatch.model.progress import Progress
from banwatch.pages.links import FileLinks, Links, incident_path
from banwatch.pages.reader import Reader
from banwatch.pages.render import render, style_sheet
from banwatch.pages.store_reader import StoreReader
from banwatch.pages.views.day import view_day, view_measurements
from banwatch.pages.views.details import Detail
from banwatch.pages.views.feed import write_feed
from banwatch.pages.views.happened.evidence import read_evidence
from banwatch.pages.views.incident import view_incident_page
from banwatch.pages.views.notices import notices_for
from banwatch.pages.views.provenance import provenance_details
from banwatch.store import Store


def publish(
    store: Store,
    subject_id: str,
    out_dir: Path,
    *,
    recorded: bool = False,
    score: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Write a bulletin on a ban or an incident; it opens from disk, with no network and no script.

    Args:
        store: the measurements, open.
        subject_id: a ban's name or an incident's id.
        out_dir: the directory, made where it is missing; an earlier bulletin in it is replaced. Files written
            are removed again where the writing fails.
        recorded: the measurements were replayed from a recording; every page says so.
        score: the run's score against the lab's own log, where there is one.
        progress: called after every page.
        sign: makes the signature of the evidence's manifest; None leaves it unsigned.

    Returns:
        The path of the front page.

    Raises:
        BanwatchError: there is no such ban or incident, or the directory cannot be written.
    """
    reader = StoreReader(store)
    return publish_from(
        reader, subject_id, out_dir, recorded=recorded, score=score, progress=progress, sign=sign
    )


def publish_from(
    reader: Reader,
    subject_id: str,
    out_dir: Path,
    *,
    recorded: bool = False,
    score: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Write a bulletin as `publish` does, from any reader."""
    subject = read_subject(reader, subject_id, recorded=recorded or reader.recorded(), score=score)
    contents = choose_contents(reader, subject)
    report_progress = progress or (lambda done, total: None)
    try:
        with OutputDirectory(out_dir) as output:
            _write_all(reader, subject, contents, output, report_progress, sign)
    except OSError as error:
        raise BanwatchError(
            f"the bulletin cannot be written to {out_dir}: {error.strerror or error}",
            "Give a folder that can be written, on a disk with room.",
        ) from error
    return out_dir / "index.html"


def _write_all(
    reader: Reader,
    subject: BulletinSubject,
    contents: Contents,
    output: OutputDirectory,
    report_progress: Progress,
    sign: Callable[[bytes], bytes] | None,
) -> None:
    links = contents.links(0)
    pictures = subject.draw(links)
    files = {
        STYLE: style_sheet().encode(),
        **{path: content for picture in pictures for path, content in picture.files.items()},
    }
    for path, content in files.items():
        output.write(path, content)

    def checks(digest: str) -> tuple[Detail, ...]:
        counted = contents.counts(subject.days)
        return provenance_details(
            subject.labs, counted, contents.judged(), digest, left_out=contents.left_out
        )

    alone = FileLinks(depth=0, pages={}, days={})  # a bundle's page has no pages beside it
    digest = bundle_evidence(
        reader,
        contents.verdicts,
        {**files, "index.html": subject.render(alone, checks(""), [p.plain for p in pictures]).encode()},
        output.path / contents.bundle,
        subject_id=subject.id,
        title=subject.title,
        labs=subject.labs,
        recorded=subject.recorded,
        left_out=contents.left_out,
        sign=sign,
    )
    output.write("index.html", subject.render(links, checks(digest), [p.linked for p in pictures]).encode())
    report_progress(1, len(contents.days) + 1)
    _write_incidents(reader, subject, contents, output)
    _write_days(reader, subject, contents, output, report_progress)


def _write_incidents(
    reader: Reader, subject: BulletinSubject, contents: Contents, output: OutputDirectory
) -> None:
    links = contents.links(INCIDENT_DEPTH)
    notices = notices_for(subject.labs, recorded=subject.recorded)
    for incident in subject.incidents:
        evidence = read_evidence(reader, incident)
        page = view_incident_page(incident, subject.bans, notices, links, evidence=evidence)
        output.write(incident_path(incident.incident_id), render("incident.html", page).encode())
    addresses = {i.incident_id: incident_path(i.incident_id) for i in subject.incidents}
    feed = write_feed(subject.incidents, address_of=addresses, own=FEED, lab=any(subject.labs))
    output.write(FEED, feed)


def _write_days(
    reader: Reader,
    subject: BulletinSubject,
    contents: Contents,
    output: OutputDirectory,
    report_progress: Progress,
) -> None:
    links: Links = contents.links(DAY_DEPTH)
    neighbours = contents.neighbours()
    done, total = 1, len(contents.days) + 1
    for batch in contents.batches():
        verdicts = {uid: contents.verdicts[uid] for key in batch for uid in contents.days[key]}
        views = view_measurements(reader, verdicts, links)
        for key in batch:
            earlier, later = neighbours[key]
            page = view_day(
                key,
                [views[uid] for uid in contents.days[key] if uid in views],
                links,
                recorded=subject.recorded,
                earlier=links.day(earlier) if earlier else "",
                later=links.day(later) if later else "",
            )
            output.write(contents.paths[key], render("day.html", page).encode())
            done += 1
            report_progress(done, total)
