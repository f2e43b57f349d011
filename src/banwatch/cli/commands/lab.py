"""`banwatch lab`: a censored country made of packets, for any program."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banwatch.cli.views.lab_play import add_to as add_play_and_score

if TYPE_CHECKING:
    from banwatch.lab.regime.regime import Regime

RegimeName = Annotated[
    str, typer.Option("--regime", "-r", help="Name of a regime (`lab regimes ls`) or path of a YAML file.")
]
TierName = Annotated[
    str | None,
    typer.Option("--tier", "-t", help="Whose access to use; by default the first tier that a rule concerns."),
]
AtTime = Annotated[
    str | None, typer.Option("--at", help="Lab time to begin at, such as 2016-04-04T12:00Z; now.")
]
TruthPath = Annotated[
    Path | None,
    typer.Option("--truth", help="Write what the censor did to every flow, as JSON lines; begun anew."),
]
PcapPath = Annotated[
    Path | None, typer.Option("--pcap", help="Write every packet, on both sides of the censor.")
]
WorldPath = Annotated[Path | None, typer.Option("--world", help="YAML file of another world.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of everything that the regime leaves to chance.")]

Link = Annotated[
    str, typer.Option("--link", help="What carries the packets: `veth` (works unprivileged) or `tun`.")
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
    lab.command()(doctor)
    regimes.command("ls")(list_regimes)
    regimes.command("show")(show_regime)
    lab.add_typer(regimes)
    add_play_and_score(lab)
    app.add_typer(lab)


def run(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments, after `--`.")],
    regime: RegimeName = "open",
    tier: TierName = None,
    at: AtTime = None,
    truth: TruthPath = None,
    pcap: PcapPath = None,
    world: WorldPath = None,
    seed: Seed = 0,
    link: Link = "veth",
) -> None:
    """Run a program as a client in a censored country; its exit code comes back."""
    raise typer.Exit(_run_inside(command, regime, tier, at, truth, pcap, world, seed, link))


def shell(
    regime: RegimeName = "open",
    tier: TierName = None,
    at: AtTime = None,
    truth: TruthPath = None,
    pcap: PcapPath = None,
    world: WorldPath = None,
    seed: Seed = 0,
    link: Link = "veth",
) -> None:
    """Open a prompt inside a censored country; leave it with `exit`."""
    import os

    command = [os.environ.get("SHELL", "/bin/sh")]
    raise typer.Exit(_run_inside(command, regime, tier, at, truth, pcap, world, seed, link, is_shell=True))


def _run_inside(
    command: list[str],
    regime_name: str,
    tier: str | None,
    at: str | None,
    truth: Path | None,
    pcap: Path | None,
    world_path: Path | None,
    seed: int,
    link: str,
    *,
    is_shell: bool = False,
) -> int:
    if link not in ("veth", "tun"):
        raise typer.BadParameter(f"{link} is neither `veth` nor `tun`", param_hint="--link")
    from banwatch.lab.machine.clock import LabClock
    from banwatch.lab.machine.lab import Lab
    from banwatch.lab.regime.regime_file import load_regime
    from banwatch.lab.world import load_world

    regime = load_regime(regime_name)
    for path in (truth, pcap):
        _begin_file(path)
    clock = LabClock(_parse_time(at))
    world = load_world(world_path) if world_path else load_world()
    chosen = tier or default_tier(regime)
    with Lab(
        regime,
        chosen,
        world,
        clock=clock,
        truth_path=truth,
        pcap_path=pcap,
        seed=seed,
        tun=link == "tun",
    ) as lab:
        return lab.run(command, keeps_jobs=is_shell)


def _begin_file(path: Path | None) -> None:
    from banwatch.model.errors import BanwatchError

    try:
        if path is not None:
            path.write_bytes(b"")
    except OSError as error:
        raise BanwatchError(
            f"Cannot write {path}: {error.strerror}", "Give a path that can be written"
        ) from error


def default_tier(regime: "Regime") -> str:
    """The first tier that a rule concerns; the first of all where there is no rule."""
    concerned = (name for name in regime.tiers if any(name in rule.tiers for rule in regime.rules))
    return next(concerned, next(iter(regime.tiers)))


def _parse_time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a time such as 2016-04-04T12:00Z") from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Say what this machine allows a lab to do, and why not more. Exit code 1 where there can be no lab."""
    from banwatch.lab.machine.doctor import doctor as examine

    checks = examine()
    if as_json:
        import msgspec

        print(msgspec.json.encode(checks).decode())
    else:
        for check in checks:
            mark = "ok" if check.ok else "MISSING" if check.needed else "no"
            print(f"{mark:8} {check.name:24} {check.why}")
            if check.do:
                print(f"{'':8} {'':24} → {check.do}")
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(1)


def list_regimes(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the regimes that ship."""
    from banwatch.lab.regime.regime_file import load_regime, regime_paths

    regimes = [load_regime(name) for name in regime_paths()]
    if as_json:
        import msgspec

        rows = [
            {
                "name": r.name,
                "country": r.country,
                "title": r.title,
                "tiers": list(r.tiers),
                "rules": len(r.rules),
            }
            for r in regimes
        ]
        print(msgspec.json.encode(rows).decode())
        return
    for regime in regimes:
        rules = f"{len(regime.rules)} rules"
        print(f"{regime.name:12} {regime.country}  {rules:9} {', '.join(regime.tiers):28} {regime.title}")


def show_regime(
    name: Annotated[str, typer.Argument(help="Name of a regime, or path of a YAML file.")],
) -> None:
    """Show a regime: its tiers, what is done to whom and when, and how that is known."""
    from banwatch.lab.regime.docs_page import render_regime
    from banwatch.lab.regime.regime_file import load_regime

    print(render_regime(load_regime(name)), end="")
