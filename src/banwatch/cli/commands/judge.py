"""`banwatch judge`: judge again, explain a verdict, look for defects of the instrument."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def judge(
        store: Annotated[Path, typer.Option(help="The database file.", envvar="BANWATCH_STORE")] = Path(
            "banwatch.duckdb"
        ),
        explain: Annotated[
            str | None, typer.Option(metavar="UID", help="Show what one verdict rests on.")
        ] = None,
        ruleset: Annotated[
            str | None, typer.Option(help="A ruleset file, or the version of a table; the current one.")
        ] = None,
        diff: Annotated[
            bool, typer.Option("--diff", help="Show which verdicts would change; change nothing.")
        ] = False,
        defects: Annotated[
            bool, typer.Option("--defects", help="List failures that follow software versions.")
        ] = False,
        since: Annotated[datetime | None, typer.Option(formats=_DATES, help="From then on (UTC).")] = None,
        until: Annotated[
            datetime | None, typer.Option(formats=_DATES, help="Until before then (UTC).")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    ) -> None:
        """Judge again from stored evidence, with the current rules or others.

        Look first with --diff: it shows which verdicts would change, and changes none. What is replaced stays
        readable.
        """
        import banwatch.cli.views.judge_run as run
        from banwatch.model.errors import BanwatchError

        if sum((explain is not None, diff, defects)) > 1:
            raise BanwatchError("--explain, --diff and --defects exclude each other", "Give one of them")
        rules = run.read_ruleset(ruleset)
        if explain is not None:
            run.explain(store, explain, rules, as_json=as_json)
        elif defects:
            run.show_defects(store, since, until, as_json=as_json)
        elif diff:
            run.show_changes(store, rules, since, until, as_json=as_json)
        else:
            run.judge_again(store, rules, ruleset, since, until, as_json=as_json)
