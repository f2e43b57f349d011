"""One run of the probe: many sites at once, politely."""

from collections.abc import AsyncIterator, Sequence

from banwatch.net.seam import Net
from banwatch.probe.settings import Settings


class Session:
    """Measure inputs with `web_connectivity`.

    Args:
        net: the network to measure; its `resolve` is the system's resolver.
        settings: where the probe stands and how it measures.
    """

    def __init__(self, net: Net, settings: Settings) -> None:
        self._net = net
        self._settings = settings

    async def run(self, inputs: Sequence[str]) -> AsyncIterator[bytes]:
        """Measure each URL and yield each measurement when done: a line of JSON, no newline."""
        raise NotImplementedError
        yield b""
