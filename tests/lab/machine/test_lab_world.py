"""What a regime asks for and a world lacks."""

import pytest

from banwatch.lab.machine.lab_world import find_missing_resolvers
from banwatch.lab.regime.regime_file import load_regime, regime_paths
from banwatch.lab.world import load_world
from banwatch.lab.world.file import parse_world
from tests.lab.world.test_file import WORLD_TEXT


@pytest.mark.parametrize("name", sorted(regime_paths()))
def test_the_default_world_has_every_resolver(name: str) -> None:
    assert find_missing_resolvers(load_regime(name), load_world().resolver_addresses) == []


def test_a_world_without_the_provider_s_resolver_is_warned_of() -> None:
    world = parse_world(WORLD_TEXT)
    (text,) = find_missing_resolvers(load_regime("kr"), world.resolver_addresses)
    assert "168.126.63.1" in text
    assert "no name resolves" in text
    assert find_missing_resolvers(load_regime("dprk-2016"), world.resolver_addresses) == []
