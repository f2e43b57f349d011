"""`banwatch reports`: readers' reports, and which of them are shown."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, StoreOption

ReportIds = Annotated[list[str], typer.Argument(help="Ids of the reports.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    reports = typer.Typer(
        help="Readers' reports, neither measured nor verified; pages show only accepted ones.",
        no_args_is_help=True,
    )
    reports.command("ls")(_ls)
    reports.command("accept")(_accept)
    reports.command("reject")(_reject)
    app.add_typer(reports, name="reports")


def _ls(
    store: StoreOption = DEFAULT_STORE,
    state: Annotated[
        str | None, typer.Option(help="Only reports in this state: pending, accepted or rejected.")
    ] = None,
    as_json: JsonLinesOption = False,
) -> None:
    """List the reports in order of arrival."""
    from banwatch.cli.views.reader_reports import show_reports
    from banwatch.pipeline.reading.reader_reports import list_reports

    show_reports(list_reports(store, state), as_json=as_json)


def _accept(
    report_ids: ReportIds, store: StoreOption = DEFAULT_STORE, as_json: JsonLinesOption = False
) -> None:
    """Show reports on the pages, with their notes: read these first."""
    from banwatch.cli.views.reader_reports import show_reports
    from banwatch.model.report import ReportState
    from banwatch.pipeline.reading.reader_reports import decide_reports

    show_reports(decide_reports(store, report_ids, ReportState.ACCEPTED), as_json=as_json)


def _reject(
    report_ids: ReportIds, store: StoreOption = DEFAULT_STORE, as_json: JsonLinesOption = False
) -> None:
    """Hide reports, also those that were accepted before."""
    from banwatch.cli.views.reader_reports import show_reports
    from banwatch.model.report import ReportState
    from banwatch.pipeline.reading.reader_reports import decide_reports

    show_reports(decide_reports(store, report_ids, ReportState.REJECTED), as_json=as_json)
