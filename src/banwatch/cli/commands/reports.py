"""`banwatch reports`: what readers report, and what of it is shown."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from banwatch.model.report import ReaderReport

_Store = Annotated[
    str, typer.Option("--store", help="A file, or clickhouse://user@host/name.", envvar="BANWATCH_STORE")
]
_Ids = Annotated[list[str], typer.Argument(help="Ids of the reports.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    reports = typer.Typer(
        help="What readers report (not measured, not verified); only what is accepted is shown.",
        no_args_is_help=True,
    )

    @reports.command()
    def ls(
        store: _Store = "banwatch.duckdb",
        state: Annotated[
            str | None, typer.Option(help="Only those that are pending, accepted or rejected.")
        ] = None,
        as_json: _Json = False,
    ) -> None:
        """List the reports in order of arrival."""
        from pathlib import Path

        from banwatch.model.errors import BanwatchError
        from banwatch.model.report import ReportState
        from banwatch.store.reports import ReportBook, reports_path

        if state is not None and state not in set(ReportState):
            raise BanwatchError(f"there is no state {state!r}", f"Choose one of {', '.join(ReportState)}")
        path = reports_path(store)
        if "://" not in store and not path.exists() and not Path(store).exists():
            raise BanwatchError(f"there is no store {store}", "Give its path with --store")
        found = ReportBook(path).reports(ReportState(state) if state else None)
        _show(found, as_json=as_json)

    @reports.command()
    def accept(report_ids: _Ids, store: _Store = "banwatch.duckdb", as_json: _Json = False) -> None:
        """Show reports on the pages, with their notes: read these first."""
        _decide(report_ids, store, "accepted", as_json=as_json)

    @reports.command()
    def reject(report_ids: _Ids, store: _Store = "banwatch.duckdb", as_json: _Json = False) -> None:
        """Keep reports from being shown, also such as were accepted before."""
        _decide(report_ids, store, "rejected", as_json=as_json)

    app.add_typer(reports, name="reports")


def _decide(report_ids: list[str], store: str, state: str, *, as_json: bool) -> None:
    from datetime import UTC, datetime

    from banwatch.model.report import ReportState
    from banwatch.store.reports import ReportBook, reports_path

    book = ReportBook(reports_path(store))
    _show(book.decide(report_ids, ReportState(state), datetime.now(UTC)), as_json=as_json)


def _show(found: "Sequence[ReaderReport]", *, as_json: bool) -> None:
    import msgspec

    from banwatch.model.ids import render_asn
    from banwatch.pages.wording.words import visible

    for report in found:
        if as_json:
            print(msgspec.json.encode(report).decode())
            continue
        claim = report.claim
        where = " ".join(
            part for part in (claim.probe_cc, render_asn(claim.probe_asn) if claim.probe_asn else "") if part
        )
        line = f"{report.report_id}  {report.state:8}  {claim.seen_at:%Y-%m-%d %H}h  {claim.target}"
        print(visible(f"{line}  {where or 'place unknown'}  {claim.note}".rstrip(), 1000))
