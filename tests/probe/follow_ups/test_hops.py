"""Finding distances, whoever answers."""

import asyncio

import pytest

from banwatch.probe.follow_ups.hops import find_hops, find_hops_upwards


@pytest.mark.parametrize("true_hops", [1, 2, 5, 16, 31, 32])
def test_hops_are_found_by_halving(true_hops: int) -> None:
    async def answers(hops: int) -> bool:
        return hops >= true_hops

    hops, tried = asyncio.run(find_hops(answers))
    assert hops == true_hops
    assert len(tried) <= 8  # five halvings, the far end before them, and both ends once more


@pytest.mark.parametrize("angry_for", [1, 2, 3, 5])
def test_no_distance_is_claimed_while_residual_blocking_ends(angry_for: int) -> None:
    """A server 5 hops away: the first question passes, the next ones are withheld, then all pass again."""
    asked: list[int] = []

    async def answers(hops: int) -> bool:
        asked.append(hops)
        return hops >= 5 and not 1 < len(asked) <= 1 + angry_for

    assert asyncio.run(find_hops(answers))[0] in (None, 5)


def test_hops_are_not_claimed_where_nobody_answers_or_answers_waver() -> None:
    async def never(hops: int) -> bool:
        return False

    assert asyncio.run(find_hops(never)) == (None, [(32, False)])
    seen: list[int] = []

    async def wavering(hops: int) -> bool:
        seen.append(hops)
        return seen.count(hops) == 1

    assert asyncio.run(find_hops(wavering))[0] is None


def test_hops_are_found_from_below_by_one_trigger_only() -> None:
    asked: list[int] = []

    async def grudge(hops: int) -> bool | None:
        asked.append(hops)
        return hops >= 3

    assert asyncio.run(find_hops_upwards(grudge)) == (3, [(1, False), (2, False), (3, True)])
    assert asked == [1, 2, 3]

    async def cannot_ask(hops: int) -> bool | None:
        return None if hops > 1 else False

    assert asyncio.run(find_hops_upwards(cannot_ask)) == (None, [(1, False)])
