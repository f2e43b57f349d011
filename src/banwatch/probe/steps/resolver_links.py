"""Connections to resolvers inside TLS, kept and used again by the measurements of a session.

Questions inside TLS cannot be seen on the way, so that no censor can react to one by cutting the next; and a
resolver is spared a handshake for each name.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from banwatch.net.dns.streams import Asked
from banwatch.net.seam import Stream

_MOST_IDLE = 16
"""Of one resolver."""


@dataclass(frozen=True, slots=True)
class ResolverLink:
    """A connection on which questions can be put."""

    stream: Stream
    ask: Callable[[Sequence[Asked]], Awaitable[int]]
    """Puts questions and fills them in; returns how many it put."""
    is_lasting: bool = True
    """Whether more can be asked on it."""


class ResolverLinks:
    """Connections that are idle just now."""

    def __init__(self) -> None:
        self._idle: dict[str, list[ResolverLink]] = {}

    def take(self, resolver: str) -> ResolverLink | None:
        """Return an idle connection to a resolver, for the caller alone; None where there is none."""
        idle = self._idle.get(resolver)
        return idle.pop() if idle else None

    def give_back(self, resolver: str, link: ResolverLink) -> None:
        """Keep a connection on which every question was answered."""
        idle = self._idle.setdefault(resolver, [])
        if link.is_lasting and len(idle) < _MOST_IDLE:
            idle.append(link)
        else:
            link.stream.close()

    def close(self) -> None:
        """Let go of all of them."""
        for idle in self._idle.values():
            for link in idle:
                link.stream.close()
        self._idle.clear()
