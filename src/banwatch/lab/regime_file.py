"""Regimes from YAML."""

from pathlib import Path

from banwatch.lab.regime import Regime


def load_regime(name_or_path: str | Path) -> Regime:
    """Read a regime by the name of one that ships, or by path."""
    raise NotImplementedError
