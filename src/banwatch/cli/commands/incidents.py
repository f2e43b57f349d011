"""`banwatch incidents`: a person confirms or rejects what rests on anonymous sources alone."""

from typing import Annotated

import typer

from banwatch.cli.options import DEFAULT_STORE, StoreOption

IncidentArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the incident.")]
WhyOption = Annotated[str, typer.Option("--why", help="Reason; it is public.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    incidents = typer.Typer(help="Moderation of unconfirmed incidents.", no_args_is_help=True)
    incidents.command("confirm")(_confirm)
    incidents.command("reject")(_reject)
    app.add_typer(incidents, name="incidents")


def _confirm(incident_id: IncidentArgument, why: WhyOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Confirm an incident that rests on anonymous sources alone: it is published, and stands."""
    from banwatch.cli.views.decisions import show_decisions
    from banwatch.observatory.decide import moderate_incident
    from banwatch.pipeline.trust.decisions import Action

    show_decisions([moderate_incident(store, incident_id, Action.CONFIRM, why)], as_json=False)


def _reject(incident_id: IncidentArgument, why: WhyOption, store: StoreOption = DEFAULT_STORE) -> None:
    """Reject an incident that rests on anonymous sources alone: it is withdrawn, and stays so."""
    from banwatch.cli.views.decisions import show_decisions
    from banwatch.observatory.decide import moderate_incident
    from banwatch.pipeline.trust.decisions import Action

    show_decisions([moderate_incident(store, incident_id, Action.REJECT, why)], as_json=False)
