"""How far away the one is who answers in place of another."""

from collections.abc import Awaitable, Callable

MAX_HOPS = 32


async def find_hops(
    answers_within: Callable[[int], Awaitable[bool]],
) -> tuple[int | None, list[tuple[int, bool]]]:
    """Find the smallest time to live that is answered, by halving: five questions, not thirty.

    Args:
        answers_within: asks with a time to live; tells whether there was an answer.

    Returns:
        The number of hops, null where even `MAX_HOPS` gave no answer, or where the answers contradict each
        other (an injector that drops packets at random); and every attempt with what came of it.
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
    if not await ask(high):
        return None, tried
    return high, tried
