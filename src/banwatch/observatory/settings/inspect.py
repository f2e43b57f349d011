"""Settings of a command: read with its options laid over them, checked, or shown."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from banwatch.alerts.channels import check_channel
from banwatch.model.errors import BanwatchError
from banwatch.observatory.settings.overrides import override, render_toml
from banwatch.observatory.settings.problem import Problem, line_of
from banwatch.observatory.settings.read import load_settings, read_settings
from banwatch.observatory.settings.tables import Settings


def check_settings(path: Path | None) -> Sequence[Problem]:
    """Find every mistake in a settings file and the environment; what channels need is looked at too.

    Raises:
        BanwatchError: the file cannot be read.
    """
    found = read_settings(path, os.environ)
    problems = list(found.problems)
    text = path.read_text("utf-8") if path else ""
    for number, channel in enumerate(found.settings.alerts.channels):
        try:
            check_channel(channel)
        except BanwatchError as error:
            line = line_of(text, ("alerts", "channels", number))
            key = f"alerts.channels[{number + 1}]"
            problems.append(Problem(where=f"line {line}", key=key, what=error.what, remedy=error.do))
    return problems


def show_settings(path: Path | None) -> str:
    """Return the settings in force as TOML.

    Raises:
        BanwatchError: the file cannot be read, or there is a mistake in it.
    """
    return render_toml(load_settings(path, os.environ))


def settings_with(path: Path | None, options: Mapping[str, Any]) -> Settings:
    """Return the settings in force for a command that was given some options.

    Raises:
        BanwatchError: the file cannot be read, or there is a mistake in it or in the options.
    """
    return override(load_settings(path, os.environ), options)
