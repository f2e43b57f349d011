"""Comparison of the key that a collector shows with the one that a spool is sealed to, before a delivery."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from banwatch.model.errors import BanwatchError
from banwatch.net.failure import NetworkFailure
from banwatch.net.seam import Net
from banwatch.probe.spool.collector_key import CollectorKey, ShownKey, leads_to, read_shown_untrusted
from banwatch.probe.spool.delivery import Collector, ask
from banwatch.probe.spool.spool import Spool

_LIMIT_BYTES = 1 << 16


async def check_key(
    net: Net,
    spool: Spool,
    collector: Collector,
    *,
    now: Callable[[], datetime],
    attempts: int = 4,
    pause_s: float = 1.0,
) -> CollectorKey | None:
    """Ask a collector for its key, and compare it with the spool's; a signed successor is pinned instead.

    Returns:
        The successor that was pinned; None where the key is the same, or the collector was out of reach.

    Raises:
        BanwatchError: the collector shows another key, or none. Nothing was delivered.
    """
    shown = await _ask(net, collector, now, attempts, pause_s)
    if shown is None:
        return None
    pinned = spool.collector_key
    if not leads_to(pinned, shown):
        raise BanwatchError(
            "Nothing was sent: the collector shows another key than the one that this spool is sealed to.\n"
            f"  sealed to: {pinned.words}\n  shown:     {shown.key.words}",
            "Somebody may stand in its place, or it lost its key. Ask its operator for the words, by "
            "another way than this; if they are those shown, run `banwatch spool pin KEY` with that key.",
        )
    if pinned.sealing == shown.key.sealing:
        return None
    spool.pin(shown.key)
    return shown.key


async def _ask(
    net: Net, collector: Collector, now: Callable[[], datetime], attempts: int, pause_s: float
) -> ShownKey | None:
    path = f"{collector.url.path.rstrip('/')}/api/v1/collector"
    for attempt in range(attempts):
        if attempt:
            await asyncio.sleep(pause_s * 2 ** (attempt - 1))
        try:
            async with asyncio.timeout(collector.timeout_s):
                answer = await ask(net, collector, "GET", path, now(), limit_bytes=_LIMIT_BYTES)
        except (NetworkFailure, TimeoutError):
            continue
        if answer.status in (429, 502, 503, 504):
            continue
        shown = read_shown_untrusted(bytes(answer.body)) if answer.status == 200 else None
        if shown is None:
            raise BanwatchError(
                f"Nothing was sent: {collector.url.authority} does not say its key (status {answer.status})",
                "Check the address: it has to be that of an observatory that collects.",
            )
        return shown
    return None  # out of reach, as the delivery will say
