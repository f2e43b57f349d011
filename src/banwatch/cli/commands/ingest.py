"""`banwatch ingest`: bring measurements into a store."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from banwatch.model.receipt import SourceClass


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest")(_ingest)


def _ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, patterns, buckets (s3://, gs://, az://), https:// files, or - for stdin.",
            metavar="PATH...",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    jobs: Annotated[int, typer.Option(min=0, help="Number of processes; 0: one a core.")] = 0,
    share: Annotated[
        str, typer.Option(help="Part of the files, such as 3/16, where several workers share them.")
    ] = "1/1",
    source: Annotated[
        SourceClass, typer.Option(help="Class of the source, which says what the measurements count for.")
    ] = SourceClass.OONI,
    as_json: JsonOption = False,
) -> None:
    """Bring measurements in: OONI JSONL, plain or packed (.gz, .zst, .lz4, .tar, .zip), and reports in YAML.

    Each measurement counts once, in whatever file it comes. Lines that cannot be read are kept in quarantine
    and counted; the exit code is 1 where nothing came in. An ingest that was stopped continues where it was
    when the same command is run again.
    """
    from banwatch.cli.views.progress import byte_progress
    from banwatch.cli.views.store_work import show_ingest
    from banwatch.model.errors import BanwatchError
    from banwatch.observatory import work

    with byte_progress("Ingesting") as progress:
        report = work.ingest(store, paths, jobs=jobs, share=share, source_class=source, progress=progress)
    show_ingest(report, as_json=as_json)
    if report.nothing_came and (report.files or share == "1/1"):
        unread = f"{report.quarantined} lines or files cannot be read" if report.quarantined else ""
        raise BanwatchError(
            f"Nothing was brought in: {report.first_reason or unread or 'what was named holds no line'}",
            f"See `banwatch archive quarantine --store {store}` for each line.",
        )
