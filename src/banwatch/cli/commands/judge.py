"""`banwatch judge`: judge again, explain a verdict, find defects of the measuring software."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banwatch.cli.options import (
    DEFAULT_STORE,
    JsonLinesOption,
    SinceOption,
    StoreFileOption,
    UntilOption,
    refuse_together,
)

if TYPE_CHECKING:
    from banwatch.judge.ruleset_file import Ruleset


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("judge")(_judge)


def _judge(
    store: StoreFileOption = Path(DEFAULT_STORE),
    explain: Annotated[
        str | None, typer.Option(metavar="UID", help="Show the facts and rules that one verdict rests on.")
    ] = None,
    ruleset: Annotated[
        str | None, typer.Option(help="A ruleset file, or a version; by default the current rules.")
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

    Look first with --diff: it shows which verdicts would change, and changes none. Verdicts that are replaced
    stay readable.
    """
    from banwatch.pipeline.reading.choose_ruleset import choose_ruleset

    refuse_together({"--explain": explain is not None, "--diff": diff, "--defects": defects})
    rules = choose_ruleset(ruleset)
    if explain is not None:
        _explain(store, explain, rules, as_json=as_json)
    elif defects:
        _show_defects(store, since, until, as_json=as_json)
    elif diff:
        _preview(store, rules, since, until, as_json=as_json)
    else:
        _rejudge(store, rules, ruleset, since, until, as_json=as_json)


def _explain(store: Path, uid: str, rules: "Ruleset", *, as_json: bool) -> None:
    from banwatch.cli.views.explanation import show_explanation
    from banwatch.pipeline.reading.explain import explain_measurement
    from banwatch.store import Store

    with Store.open(store, read_only=True) as opened:
        show_explanation(explain_measurement(opened, uid, rules), as_json=as_json)


def _show_defects(store: Path, since: datetime | None, until: datetime | None, *, as_json: bool) -> None:
    from banwatch.cli.views.defects import show_defects
    from banwatch.pipeline.reading.rejudge_preview import find_stored_defects
    from banwatch.store import Store

    with Store.open(store, read_only=True) as opened:
        show_defects(find_stored_defects(opened, since=since, until=until), as_json=as_json)


def _preview(
    store: Path, rules: "Ruleset", since: datetime | None, until: datetime | None, *, as_json: bool
) -> None:
    from banwatch.cli.views.rejudge import show_preview
    from banwatch.pipeline.reading.rejudge_preview import preview_rejudge
    from banwatch.store import Store

    with Store.open(store, read_only=True) as opened:
        show_preview(preview_rejudge(opened, rules, since=since, until=until), as_json=as_json)


def _rejudge(
    store: Path,
    rules: "Ruleset",
    ruleset_path: str | None,
    since: datetime | None,
    until: datetime | None,
    *,
    as_json: bool,
) -> None:
    from banwatch.cli.views.progress import piece_progress
    from banwatch.cli.views.rejudge import show_rejudged
    from banwatch.observatory import work

    with piece_progress("Judging") as progress:
        report = work.rejudge(
            store, rules, ruleset_path=ruleset_path, since=since, until=until, progress=progress
        )
    show_rejudged(report, rules, as_json=as_json)
