"""Bodies that drip give way, and one client never holds the memory of all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from banwatch.collector.intake import RefusedError
from banwatch.collector.limits.body_budget import BodyBudget, BodyPace, receive_pieces


class Dripping:
    """Request whose body comes in pieces, with a pause before each."""

    def __init__(self, pieces: int, pause_s: float, size_bytes: int = 1) -> None:
        self._pieces, self._pause_s, self._size = pieces, pause_s, size_bytes

    async def stream(self) -> AsyncIterator[bytes]:
        for _ in range(self._pieces):
            await asyncio.sleep(self._pause_s)
            yield b"x" * self._size


async def receive(request: Dripping, pace: BodyPace) -> int:
    loop = asyncio.get_running_loop()
    pieces = receive_pieces(request, pace, loop.time)  # type: ignore[arg-type]  # has a stream, as requests do
    return len(b"".join([piece async for piece in pieces]))


def test_a_body_that_drips_is_dropped() -> None:
    pace = BodyPace(silence_s=1.0, window_s=0.2, min_bytes_s=1_000)
    with pytest.raises(RefusedError) as refused:
        asyncio.run(asyncio.wait_for(receive(Dripping(10_000, 0.02), pace), 5))
    assert refused.value.status == 408


def test_a_slow_body_that_keeps_its_pace_is_taken() -> None:
    pace = BodyPace(silence_s=1.0, window_s=0.1, min_bytes_s=1_000)
    assert asyncio.run(receive(Dripping(20, 0.02, 400), pace)) == 8_000


def test_a_body_that_stops_is_dropped() -> None:
    with pytest.raises(RefusedError):
        asyncio.run(asyncio.wait_for(receive(Dripping(2, 3.0), BodyPace(silence_s=0.1)), 2))


def test_one_client_has_its_share_and_the_stalled_give_way() -> None:
    async def fill() -> list[int]:
        now = 0.0
        budget = BodyBudget(100, 60, lambda: now)
        siege = [budget.open(b"a"), budget.open(b"b")]
        statuses = []

        async def hold(index: int) -> None:
            try:
                async with asyncio.timeout(30) as deadline:
                    siege[index].deadline = deadline
                    budget.take(siege[index], 45)
                    await asyncio.sleep(30)
            except TimeoutError:
                budget.close(siege[index])

        holding = [asyncio.ensure_future(hold(index)) for index in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(RefusedError) as refused:
            budget.take(budget.open(b"a"), 20)
        statuses.append(refused.value.status)
        now = 10.0
        honest = budget.open(b"c")
        with pytest.raises(RefusedError) as refused:
            budget.take(honest, 30)
        statuses.append(refused.value.status)
        await asyncio.gather(*holding)
        budget.take(honest, 30)  # sent again
        assert budget.held_bytes == 30
        budget.close(honest)
        return [*statuses, budget.held_bytes]

    assert asyncio.run(asyncio.wait_for(fill(), 5)) == [429, 503, 0]
