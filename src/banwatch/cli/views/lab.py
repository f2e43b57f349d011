"""Checks of the machine, regimes, plays and scores, as `banwatch lab` prints them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from banwatch.cli.views.json_lines import print_json
from banwatch.cli.views.messages import note
from banwatch.lab.machine.doctor import Check
from banwatch.lab.machine.lab_world import find_missing_resolvers
from banwatch.lab.play import PlayResult
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.score.count import MechanismScore
from banwatch.lab.score.result import MatrixResult, Row
from banwatch.lab.world import load_world
from banwatch.lab.world.world import Site


def warn_of_gaps(regime: str, world: str | Path | None) -> None:
    """Print, on stderr, what a regime asks for and its world lacks."""
    there = load_world(world or "default").resolver_addresses
    for text in find_missing_resolvers(load_regime(regime), there):
        note(f"banwatch: {text}.")


def show_checks(checks: Sequence[Check], *, as_json: bool) -> None:
    """Print what this machine allows a lab to do, and what to do where it does not."""
    if as_json:
        print_json(checks)
        return
    for check in checks:
        mark = "ok" if check.ok else "MISSING" if check.needed else "no"
        print(f"{mark:8} {check.name:24} {check.why}")
        if check.do:
            print(f"{'':8} {'':24} → {check.do}")


def show_regimes(regimes: Sequence[Regime], *, as_json: bool) -> None:
    """Print regimes: name, country, number of rules, tiers and title."""
    if as_json:
        print_json([_regime_row(regime) for regime in regimes])
        return
    for regime in regimes:
        rules = f"{len(regime.rules)} rules"
        print(f"{regime.name:12} {regime.country}  {rules:9} {', '.join(regime.tiers):28} {regime.title}")


def _regime_row(regime: Regime) -> dict[str, object]:
    return {
        "name": regime.name,
        "country": regime.country,
        "title": regime.title,
        "tiers": list(regime.tiers),
        "rules": len(regime.rules),
    }


def show_sites(sites: Sequence[Site], *, as_json: bool) -> None:
    """Print sites: names, and whether they answer at all."""
    down = {site.names: not (site.answering and site.ports) for site in sites}
    if as_json:
        print_json([{"names": list(names), "down": is_down} for names, is_down in down.items()])
        return
    for names, is_down in down.items():
        print(f"{', '.join(names)}{'  (down for everybody)' if is_down else ''}")


def show_play(result: PlayResult, folder: Path, *, as_json: bool) -> None:
    """Print how much was measured, and where it is."""
    if as_json:
        print_json(result)
    else:
        print(f"{result.measurements} measurements in {folder / 'measurements'}")
        print(f"{result.flows} flows in {folder / 'truth'}")


def show_score(result: MatrixResult, page: Path | None, *, as_json: bool) -> None:
    """Print the score of a matrix as tables, and where its page is."""
    if as_json:
        print_json(result)
        return
    _print_tables(result)
    if page is not None:
        print(f"\nThe page is {page}")


def _states(row: MechanismScore | Row) -> str:
    if isinstance(row, Row):
        return ""
    return ", ".join(f"{state} {count}" for state, count in row.states)


def _print_tables(result: MatrixResult) -> None:
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
        table = Table(
            Column(title, no_wrap=True), "count", "recall", "mech. precision", "mech. recall", "states"
        )
        for name, row in rows.items():
            figures = (row.recall, row.mechanism_precision, row.mechanism_recall)
            table.add_row(name, str(row.measurements), *(f"{figure:.3f}" for figure in figures), _states(row))
        console.print(table)
    if result.unexercised:
        console.print("Not met by any measurement:", ", ".join(u.mechanism for u in result.unexercised))
