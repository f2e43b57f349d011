"""`banwatch judge`: judge again, explain a verdict, find defects of the measuring software."""

from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonLinesOption, SinceOption, StoreFileOption, UntilOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("judge")(_judge)


def _judge(
    store: StoreFileOption = Path(DEFAULT_STORE),
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
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Judge again from stored evidence, with the current rules or others.

    Look first with --diff: it shows which verdicts would change, and changes none. What is replaced stays
    readable.
    """
    from banwatch.cli.views.defects import show_defects
    from banwatch.cli.views.explanation import show_explanation
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.rejudge import show_preview, show_rejudged
    from banwatch.model.errors import BanwatchError
    from banwatch.observatory import work
    from banwatch.pipeline.choose_ruleset import choose_ruleset
    from banwatch.pipeline.explain import explain_measurement
    from banwatch.pipeline.rejudge_preview import find_stored_defects, preview_rejudge
    from banwatch.store import Store

    if sum((explain is not None, diff, defects)) > 1:
        raise BanwatchError("--explain, --diff and --defects exclude each other", "Give one of them")
    rules = choose_ruleset(ruleset)
    if not (explain is not None or diff or defects):
        with piece_progress("Judging") as progress:
            report = work.rejudge(
                store, rules, ruleset_path=ruleset, since=since, until=until, progress=progress
            )
        show_rejudged(report, rules, as_json=as_json)
        return
    with Store.open(store, read_only=True) as opened:
        if explain is not None:
            show_explanation(explain_measurement(opened, explain, rules), as_json=as_json)
        elif defects:
            show_defects(find_stored_defects(opened, since=since, until=until), as_json=as_json)
        else:
            show_preview(preview_rejudge(opened, rules, since=since, until=until), as_json=as_json)
