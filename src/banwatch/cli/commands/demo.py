"""`banwatch demo`: a lab, its measurements and their pages, on this machine."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        out: Annotated[
            Path, typer.Option(help="Directory for the results; those of an earlier demo are replaced.")
        ] = Path("demo-out"),
        serve: Annotated[
            bool, typer.Option(help="Serve the page on 127.0.0.1 when the run has ended.")
        ] = True,
        port: Annotated[
            int | None, typer.Option(help="Port to serve on; the first free one from 8080.")
        ] = None,
        recorded: Annotated[
            bool,
            typer.Option("--recorded", help="Use the lab's shipped recordings instead of measuring now."),
        ] = False,
        jobs: Annotated[int | None, typer.Option(min=1, help="Number of labs at the same time.")] = None,
        seed: Annotated[int, typer.Option(help="Seed of everything that the lab decides by chance.")] = 0,
    ) -> None:
        """Build a censored country, measure it for two weeks of its time, and publish what was found.

        Every packet stays in network namespaces that the run makes and removes itself.
        """
        from banwatch.cli.views.messages import exit_on_interrupt
        from banwatch.demo.conduct import DemoSettings, conduct, present

        settings = DemoSettings(out_dir=out, serve=serve, port=port, recorded=recorded, jobs=jobs, seed=seed)
        with exit_on_interrupt(f"interrupted; nothing of this run is left in {out}"):
            outcome = conduct(settings)
        present(settings, outcome)
