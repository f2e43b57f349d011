"""Mistakes in settings, as lines or JSON."""

from collections.abc import Sequence

from banwatch.cli.views.json_lines import print_json
from banwatch.observatory.settings.problem import Problem


def show_problems(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Print each problem, or that there is none."""
    if as_json:
        print_json({"sound": not problems, "problems": list(problems)})
        return
    for problem in problems:
        print(problem)
    if not problems:
        print("The settings are sound.")
