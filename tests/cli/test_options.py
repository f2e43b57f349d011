"""Options that several commands share."""

import pytest

from banwatch.cli.completion import bans, countries, regimes, states
from banwatch.cli.options import refuse_together
from banwatch.model.errors import BanwatchError


def test_options_that_exclude_each_other_are_refused_together() -> None:
    refuse_together({"--explain": True, "--diff": False, "--defects": False})
    with pytest.raises(BanwatchError, match="--explain, --diff and --defects exclude each other"):
        refuse_together({"--explain": True, "--diff": True, "--defects": False})


def test_the_shell_completes_names() -> None:
    assert [name for name, _ in states("B")] == ["blocked"]
    assert ("KP", "North Korea") in countries("north")
    assert [name for name, _ in countries("kp")] == ["KP"]
    assert [name for name, _ in bans("dprk")] == ["dprk-2016"]
    assert "dprk-2016" in [name for name, _ in regimes("")]
