"""`banwatch explain`: the facts and rules behind a verdict or an incident."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, JsonOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(_explain)


def _explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A measurement's id or its last characters, an incident's id, or SITE@TIME.",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Show what a verdict or an incident rests on.

    Example: banwatch explain youtube.com@2016-04-02
    """
    from banwatch.cli.parsing import parse_target_at
    from banwatch.cli.views.explanation import explain_incident, explain_nearest, explain_uid
    from banwatch.pipeline.reading.named import is_incident
    from banwatch.store import Store

    with Store.open(store, read_only=True) as opened:
        if is_incident(name):
            explain_incident(opened, name, as_json=as_json)
        elif "@" in name:
            explain_nearest(opened, parse_target_at(name), as_json=as_json)
        else:
            explain_uid(opened, name, as_json=as_json)
