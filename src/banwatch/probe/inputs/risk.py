"""Risk profile of countries: targets that may endanger a person are left out unless chosen."""

import functools
from collections.abc import Collection, Iterable
from importlib.resources import files

import yaml

from banwatch.formats.test_lists import read_category
from banwatch.model.ids import CountryCode
from banwatch.probe.inputs.inputs import UNKNOWN, Input


@functools.cache
def _profile() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    content = yaml.safe_load(files("banwatch.probe").joinpath("data/risk.yaml").read_text("utf-8"))
    countries = {cc: frozenset(codes) for cc, codes in content["countries"].items()}
    return frozenset(content["default"]), countries


def risky_categories(country: CountryCode) -> frozenset[str]:
    """Return the categories that are opt-in in a country."""
    default, countries = _profile()
    return default | countries.get(country, frozenset())


def leave_out_risky(
    inputs: Iterable[Input], country: CountryCode, opted_in: Collection[str]
) -> tuple[list[Input], list[Input]]:
    """Split inputs into those to measure and those left out, by the country's risk profile.

    Args:
        inputs: with their categories; an input without one was named by the person, and is measured. One
            that nobody knows is of unknown risk, and is not.
        country: where the probe stands.
        opted_in: categories that the person chose to measure all the same; `UNKNOWN` for those that the list
            does not tell.
    """
    chosen = frozenset(opted_in)
    risky = (risky_categories(country) | {UNKNOWN}) - chosen
    kept: list[Input] = []
    left_out: list[Input] = []
    for one in inputs:
        category = one.category and (read_category(one.category) or UNKNOWN)
        (left_out if category in risky and one.category not in chosen else kept).append(one)
    return kept, left_out
