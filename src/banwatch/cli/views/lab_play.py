"""`banwatch lab play` and `banwatch lab score`: days in minutes, and how right the verdicts are."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from banwatch.lab.score.count import MechanismScore
    from banwatch.lab.score.result import MatrixResult, Row


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

        from banwatch.cli.views.progress import piece_progress
        from banwatch.lab.play import play as play_timeline

        with piece_progress("measuring") as progress:
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

    @app.command()
    def score(
        out: Annotated[
            Path | None, typer.Option(help="Keep worlds, regimes, measurements, truth and the page here.")
        ] = None,
        probe: Annotated[
            str | None,
            typer.Option(
                help="Score another probe: a command run in each lab. {inputs} in it is a file of URLs, one "
                "a line; {output} the file to which it writes OONI measurements, one a line."
            ),
        ] = None,
        loss: Annotated[
            list[float] | None,
            typer.Option(min=0, max=0.5, help="Share of packets lost each way; may be repeated."),
        ] = None,
        family: Annotated[list[int] | None, typer.Option(help="4 or 6; may be repeated.")] = None,
        http: Annotated[list[str] | None, typer.Option(help="http, h1, h2 or h3; may be repeated.")] = None,
        rounds: Annotated[int, typer.Option(min=1, help="How many times everything is measured.")] = 1,
        jobs: Annotated[int | None, typer.Option(min=1, help="Labs side by side.")] = None,
        seed: Annotated[int, typer.Option(help="Of every chance.")] = 0,
        json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    ) -> None:
        """Measure every mechanism, IP and HTTP version and packet loss, and score the verdicts."""
        import contextlib
        import tempfile

        import msgspec

        from banwatch.cli.views.progress import piece_progress
        from banwatch.lab.score.matrix import FAMILIES, LOSSES, VERSIONS, lay_out
        from banwatch.lab.score.page import render_page
        from banwatch.lab.score.runner import play_matrix
        from banwatch.model.errors import BanwatchError

        for given, known in ((family or (), FAMILIES), (http or (), VERSIONS)):
            for value in given:
                if value not in known:
                    raise BanwatchError(
                        f"the matrix has no {value!r}", f"Choose of {', '.join(map(str, known))}"
                    )
        squares = lay_out(family or FAMILIES, loss or LOSSES, versions=http or VERSIONS)
        with contextlib.ExitStack() as stack:
            folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="banwatch-score-")))
            progress = stack.enter_context(piece_progress("measuring"))
            result = play_matrix(
                squares, folder, rounds=rounds, seed=seed, jobs=jobs, probe=probe, progress=progress
            )
        if out is not None:
            (out / "score.html").write_text(render_page(result), encoding="utf-8")
        if json:
            print(msgspec.json.encode(result).decode())
            return
        _show_score(result)
        if out is not None:
            print(f"\nThe page is {out / 'score.html'}")


def _show_score(result: "MatrixResult") -> None:
    """Print a matrix as tables."""
    from rich.console import Console
    from rich.table import Column, Table

    console = Console()
    console.print(
        f"{result.measurements} measurements: {result.false_blocked} falsely blocked, "
        f"recall {result.recall:.3f}, mechanism precision {result.mechanism_precision:.3f}, "
        f"mechanism recall {result.mechanism_recall:.3f}"
    )
    groups: dict[str, Mapping[str, MechanismScore | Row]] = {
        "mechanism": result.by_mechanism,
        "loss": result.by_loss,
        "IP": result.by_family,
        "HTTP": result.by_version,
    }
    for title, rows in groups.items():
        table = Table(Column(title, no_wrap=True), "count", "recall", "mech. precision", "mech. recall")
        for name, row in rows.items():
            figures = (row.recall, row.mechanism_precision, row.mechanism_recall)
            table.add_row(name, str(row.measurements), *(f"{figure:.3f}" for figure in figures))
        console.print(table)
    if result.unexercised:
        console.print("Not met by any measurement:", ", ".join(u.mechanism for u in result.unexercised))


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
