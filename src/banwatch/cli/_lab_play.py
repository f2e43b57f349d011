"""`banwatch lab play` and `banwatch lab score`: days in minutes, and how right the verdicts are."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Add both commands to the lab's own application."""

    @app.command()
    def play(
        regime: Annotated[str, typer.Argument(help="A regime with a timeline: a name, or a YAML file.")],
        out: Annotated[Path, typer.Option(help="Where measurements/ and truth/ go.")],
        world: Annotated[str, typer.Option(help="A world: a name, or a YAML file.")] = "default",
        tier: Annotated[
            list[str] | None, typer.Option(help="Only this access tier; may be repeated.")
        ] = None,
        start: Annotated[
            datetime | None, typer.Option(help="First round, UTC; the regime's own by default.")
        ] = None,
        end: Annotated[datetime | None, typer.Option(help="Rounds before this, UTC.")] = None,
        every: Annotated[float | None, typer.Option(help="Simulated hours between rounds.")] = None,
        url: Annotated[
            list[str] | None, typer.Option(help="Measure this instead of the world's list; may be repeated.")
        ] = None,
        jobs: Annotated[
            int | None, typer.Option(min=1, help="Labs side by side; by cores and memory by default.")
        ] = None,
        seed: Annotated[int, typer.Option(help="Of every chance; the same seed gives the same truth.")] = 0,
        record: Annotated[
            bool, typer.Option(help="Keep the play as this regime's recording.", hidden=True)
        ] = False,
        json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    ) -> None:
        """Play a regime's timeline: real probes, real packets, simulated days."""
        import msgspec
        from rich.console import Console

        from banwatch.cli._progress import piece_progress
        from banwatch.lab.play import play as play_timeline

        with piece_progress(Console(stderr=True), "measuring") as progress:
            result = play_timeline(
                regime,
                world,
                out_dir=out,
                tiers=tier,
                start=_utc(start),
                end=_utc(end),
                every=timedelta(hours=every) if every is not None else None,
                inputs=url,
                jobs=jobs,
                seed=seed,
                progress=progress,
            )
        if record:
            from banwatch.lab.recordings import pack

            print(f"recorded in {pack(out, regime)}", file=sys.stderr)
        if json:
            print(msgspec.json.encode(result, enc_hook=str).decode())
        else:
            print(f"{result.measurements} measurements in {out / 'measurements'}")
            print(f"{result.flows} flows in {out / 'truth'}")


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
