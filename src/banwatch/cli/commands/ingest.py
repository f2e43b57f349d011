"""`banwatch ingest`: bring measurements in."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def ingest(
        paths: Annotated[
            list[str],
            typer.Argument(
                help="Files, folders, patterns, s3://bucket/prefix, or - for the standard input.",
                metavar="PATH...",
            ),
        ],
        store: Annotated[
            str, typer.Option(help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE")
        ] = "banwatch.duckdb",
        jobs: Annotated[int, typer.Option(min=0, help="Processes that work; 0: one a core.")] = 0,
        share: Annotated[
            str, typer.Option(help="Part of how many, such as 3/16, where several workers share the files.")
        ] = "1/1",
        as_json: Annotated[bool, typer.Option("--json", help="Report as one JSON object.")] = False,
    ) -> None:
        """Bring measurements in: OONI JSONL, plain or packed (.gz, .zst, .tar, .zip).

        Each measurement counts once, in whatever file it comes. What cannot be read is kept aside and
        counted. An ingest that was stopped goes on where it was when the same command is run again.
        """
        import os

        import msgspec
        from rich.console import Console

        from banwatch.cli.views.progress import byte_progress
        from banwatch.collector import writable
        from banwatch.pipeline import sources

        share_of = sources.parse_share(share)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        console = Console(stderr=True)
        sources.find(paths)  # a missing path is an error before any store is created
        with byte_progress("Ingesting") as progress, writable(store) as writer:
            report = writer.ingest(paths, jobs=jobs or cores, share=share_of, progress=progress)
        if as_json:
            print(msgspec.json.encode(report).decode())
        else:
            console.print(
                f"{report.accepted:,} new, {report.duplicates:,} known before, "
                f"{report.conflicts:,} in conflict, {report.quarantined:,} in quarantine, "
                f"from {report.files:,} files",
                highlight=False,
            )
