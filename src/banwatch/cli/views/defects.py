"""Suspected defects of measuring software, as a table or JSON lines."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from banwatch.cli.views.json_lines import print_json_lines
from banwatch.judge.defects import Suspect


def show_defects(suspects: Sequence[Suspect], *, as_json: bool) -> None:
    """Print failures that follow software versions rather than networks, with their spread."""
    if as_json:
        print_json_lines(suspects)
        return
    if not suspects:
        print("No failure follows a software version rather than networks.")
        return
    table = Table("software", "nettest", "target", "failures", "networks", "failing", "other versions")
    for suspect in suspects:
        table.add_row(
            suspect.software,
            suspect.test_name,
            suspect.target,
            ", ".join(suspect.failures[:2]),
            f"{suspect.networks} in {suspect.countries} countries",
            f"{suspect.failing:,} of {suspect.measurements:,}",
            f"{suspect.other_failing:,} of {suspect.other_measurements:,}",
        )
    Console().print(table)
