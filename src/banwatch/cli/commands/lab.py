"""`banwatch lab`: a censored country made of packets, for any program."""

from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from banwatch.cli.options import JsonOption
from banwatch.cli.parsing import parse_time

RegimeOption = Annotated[
    str, typer.Option("--regime", "-r", help="Name of a regime (`lab regimes ls`) or path of a YAML file.")
]
TierOption = Annotated[
    str | None,
    typer.Option("--tier", "-t", help="Whose access to use; by default the first tier that a rule concerns."),
]
AtOption = Annotated[
    str | None, typer.Option("--at", help="Lab time at the start, such as 2016-04-04T12:00Z; by default now.")
]
TruthOption = Annotated[
    Path | None,
    typer.Option(
        "--truth", help="Write what the censor did to every flow, as JSON lines; an old file is replaced."
    ),
]
PcapOption = Annotated[
    Path | None, typer.Option("--pcap", help="Write every packet, on both sides of the censor.")
]
WorldOption = Annotated[Path | None, typer.Option("--world", help="YAML file of another world.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of all random choices.")]


class Link(StrEnum):
    """Devices that carry the packets."""

    VETH = "veth"
    TUN = "tun"


LinkOption = Annotated[
    Link, typer.Option("--link", help="What carries the packets: `veth` (works unprivileged) or `tun`.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lab = typer.Typer(
        name="lab",
        help="A censored country in network namespaces: run any program in it, with the truth written down.",
        no_args_is_help=True,
    )
    regimes = typer.Typer(name="regimes", help="What the lab's censors do.", no_args_is_help=True)
    lab.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(run)
    lab.command()(shell)
    lab.command("doctor")(doctor)
    lab.command("sites")(sites)
    lab.command("play")(play)
    lab.command("score")(score)
    regimes.command("ls")(list_regimes)
    regimes.command("show")(show_regime)
    lab.add_typer(regimes)
    app.add_typer(lab)


def run(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments, after `--`.")],
    regime: RegimeOption = "open",
    tier: TierOption = None,
    at: AtOption = None,
    truth: TruthOption = None,
    pcap: PcapOption = None,
    world: WorldOption = None,
    seed: SeedOption = 0,
    link: LinkOption = Link.VETH,
) -> None:
    """Run a program as a client in a censored country; its exit code comes back."""
    from banwatch.cli.views.lab import warn_of_gaps
    from banwatch.lab.machine.program import ProgramLab, run_program

    warn_of_gaps(regime, world)
    settings = ProgramLab(
        regime=regime,
        tier=tier,
        begins_at=parse_time(at or "now"),
        truth_path=truth,
        pcap_path=pcap,
        world_path=world,
        seed=seed,
        tun=link == Link.TUN,
    )
    raise typer.Exit(run_program(command, settings))


def shell(
    regime: RegimeOption = "open",
    tier: TierOption = None,
    at: AtOption = None,
    truth: TruthOption = None,
    pcap: PcapOption = None,
    world: WorldOption = None,
    seed: SeedOption = 0,
    link: LinkOption = Link.VETH,
) -> None:
    """Open a prompt inside a censored country; leave it with `exit`."""
    import os

    from banwatch.cli.views.lab import warn_of_gaps
    from banwatch.lab.machine.program import ProgramLab, run_program

    warn_of_gaps(regime, world)
    settings = ProgramLab(
        regime=regime,
        tier=tier,
        begins_at=parse_time(at or "now"),
        truth_path=truth,
        pcap_path=pcap,
        world_path=world,
        seed=seed,
        tun=link == Link.TUN,
    )
    raise typer.Exit(run_program([os.environ.get("SHELL", "/bin/sh")], settings, is_shell=True))


def doctor(as_json: JsonOption = False) -> None:
    """Check what this machine allows a lab to do. Exit code 1 where no lab is possible."""
    from banwatch.cli.views.lab import show_checks
    from banwatch.lab.machine.doctor import doctor as examine

    checks = examine()
    show_checks(checks, as_json=as_json)
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(1)


def sites(
    world: WorldOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the sites of the lab's world: what can be measured in it.

    Example: banwatch lab run --regime dprk-2016 -- banwatch probe --i-understand https://www.youtube.com/
    """
    from banwatch.cli.views.lab import show_sites
    from banwatch.lab.world import load_world

    show_sites((load_world(world) if world else load_world()).sites, as_json=as_json)


def list_regimes(as_json: JsonOption = False) -> None:
    """List the regimes that ship."""
    from banwatch.cli.views.lab import show_regimes
    from banwatch.lab.regime.regime_file import load_regime, regime_paths

    show_regimes([load_regime(name) for name in regime_paths()], as_json=as_json)


def show_regime(
    name: Annotated[str, typer.Argument(help="Name of a regime, or path of a YAML file.")],
) -> None:
    """Show a regime: its tiers, what is done to whom and when, and how that is known."""
    from banwatch.lab.regime.docs_page import render_regime
    from banwatch.lab.regime.regime_file import load_regime

    print(render_regime(load_regime(name)), end="")


def play(
    regime: Annotated[str, typer.Argument(help="A regime with a timeline: a name, or a YAML file.")],
    out: Annotated[Path, typer.Option(help="Directory for measurements/ and truth/.")],
    world: Annotated[str, typer.Option(help="A world: a name, or a YAML file.")] = "default",
    tier: Annotated[list[str] | None, typer.Option(help="Only this access tier; may be repeated.")] = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_time, metavar="TIME", help="First round, UTC; the regime's own by default."
        ),
    ] = None,
    end: Annotated[
        datetime | None, typer.Option(parser=parse_time, metavar="TIME", help="Rounds before this, UTC.")
    ] = None,
    every: Annotated[float | None, typer.Option(help="Simulated hours between rounds.")] = None,
    url: Annotated[
        list[str] | None, typer.Option(help="Measure this instead of the world's list; may be repeated.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Number of labs at the same time; by default as cores and memory allow."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of all random choices; the same seed gives the same truth.")
    ] = 0,
    record: Annotated[
        bool, typer.Option(help="Keep the play as this regime's recording.", hidden=True)
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Play a regime's timeline: real probes, real packets, simulated days."""
    from banwatch.cli.views.lab import show_play, warn_of_gaps
    from banwatch.cli.views.messages import note
    from banwatch.cli.views.progress import piece_progress
    from banwatch.lab.play import play as play_timeline
    from banwatch.lab.recordings import pack

    warn_of_gaps(regime, world)
    with piece_progress("measuring") as progress:
        result = play_timeline(
            regime,
            world,
            out_dir=out,
            tiers=tier,
            start=start,
            end=end,
            every=timedelta(hours=every) if every is not None else None,
            inputs=url,
            jobs=jobs,
            seed=seed,
            progress=progress,
        )
    if record:
        note(f"recorded in {pack(out, regime)}")
    show_play(result, out, as_json=as_json)


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
    family: Annotated[list[int] | None, typer.Option(help="IP version, 4 or 6; may be repeated.")] = None,
    http: Annotated[
        list[str] | None, typer.Option(help="HTTP version: http, h1, h2 or h3; may be repeated.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How many times everything is measured.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Number of labs at the same time.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure every mechanism, IP and HTTP version and packet loss, and score the verdicts."""
    from banwatch.cli.views.lab import show_score
    from banwatch.cli.views.progress import piece_progress
    from banwatch.lab.score.run_score import PAGE_NAME, run_score

    with piece_progress("measuring") as progress:
        result = run_score(
            out_dir=out,
            families=family or (),
            losses=loss or (),
            versions=http or (),
            rounds=rounds,
            seed=seed,
            jobs=jobs,
            probe=probe,
            progress=progress,
        )
    show_score(result, out / PAGE_NAME if out is not None else None, as_json=as_json)
