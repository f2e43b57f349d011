"""Settings that a play gives its probe."""

import random
from datetime import UTC, datetime

from banwatch.lab.play.rounds import Vantage, settings_for
from banwatch.lab.regime.regime_file import load_regime
from banwatch.lab.world.file import load_world
from banwatch.probe.settings import Timeouts


def test_a_play_without_a_twin_names_none() -> None:
    """An empty address was parsed as the twin's where a page of 16 KiB came slowly, and the play crashed."""
    regime = load_regime("dprk-2016")
    for given, expected in (("", None), ("http://twin.example/", "http://twin.example/")):
        vantage = Vantage(
            regime=regime,
            tier=next(iter(regime.tiers.values())),
            world=load_world("default"),
            timeouts=Timeouts(),
            twin_url=given,
        )
        settings = settings_for(
            vantage, Timeouts(), lambda: datetime(2016, 4, 1, tzinfo=UTC), random.Random(1), "probe"
        )
        assert settings.twin_url == expected
