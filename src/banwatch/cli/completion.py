"""Completion in the shell: names that options and arguments take."""

from collections.abc import Iterable

from banwatch.model.state import State


def states(incomplete: str) -> Iterable[tuple[str, str]]:
    """Complete states."""
    return [(str(state), "") for state in State if state.startswith(incomplete.lower())]


def countries(incomplete: str) -> Iterable[tuple[str, str]]:
    """Complete codes of countries by their beginning, or by that of a name."""
    from banwatch.bans.countries import countries_by_code

    wanted = incomplete.lower()
    return [
        (code, name)
        for code, name in countries_by_code().items()
        if code.lower().startswith(wanted) or name.lower().startswith(wanted)
    ]


def bans(incomplete: str) -> Iterable[tuple[str, str]]:
    """Complete ids of announced bans."""
    from banwatch.bans.register import load_bans

    return [(ban.ban_id, ban.title) for ban in load_bans().values() if ban.ban_id.startswith(incomplete)]


def regimes(incomplete: str) -> Iterable[tuple[str, str]]:
    """Complete names of the lab's regimes."""
    from banwatch.lab.regime.regime_file import regime_paths

    return [(name, "") for name in regime_paths() if name.startswith(incomplete)]
