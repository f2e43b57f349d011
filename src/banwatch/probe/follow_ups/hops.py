"""Distance, in hops, of a device that answers in place of another."""

from collections.abc import Awaitable, Callable

MAX_HOPS = 32


async def find_hops(
    answers_within: Callable[[int], Awaitable[bool]],
) -> tuple[int | None, list[tuple[int, bool]]]:
    """Find the smallest time to live that is answered, by halving: five questions, not thirty.

    Args:
        answers_within: asks with a time to live; returns whether there was an answer.

    Returns:
        The number of hops, null where even `MAX_HOPS` gave no answer, or where the answers contradict each
        other (an injector that drops packets at random, a path that is angry for a while); and every attempt
        with what came of it.
    """
    tried: list[tuple[int, bool]] = []

    async def ask(hops: int) -> bool:
        answered = await answers_within(hops)
        tried.append((hops, answered))
        return answered

    if not await ask(MAX_HOPS):
        return None, tried
    low, high = 0, MAX_HOPS  # not answered within `low`, answered within `high`
    while high - low > 1:
        middle = (low + high) // 2
        if await ask(middle):
            high = middle
        else:
            low = middle
    if not await ask(high) or (low and await ask(low)):
        return None, tried  # residual blocking went on, or ended, in between: what was silent answers now
    return high, tried


async def find_hops_upwards(
    answers_within: Callable[[int], Awaitable[bool | None]], limit: int = 24
) -> tuple[int | None, list[tuple[int, bool]]]:
    """Find the smallest time to live that is answered, from below: some censors remember an answered one.

    Args:
        answers_within: asks with a time to live; returns whether there was an answer, None where it could
            not even ask.
        limit: the largest time to live to try.
    """
    tried: list[tuple[int, bool]] = []
    for hops in range(1, limit + 1):
        answered = await answers_within(hops)
        if answered is None:
            return None, tried
        tried.append((hops, answered))
        if answered:
            return hops, tried
    return None, tried
