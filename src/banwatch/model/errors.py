"""The few exceptions that cross a room's border. What the network does is data, not one of these."""


class BanwatchError(Exception):
    """The work cannot go on, and a person can do something about it. The command line exits with 1.

    Args:
        what: what went wrong, with the value concerned.
        do: what was expected, and what to do about it.
    """

    def __init__(self, what: str, do: str = "") -> None:
        super().__init__(f"{what}. {do}" if do else what)
        self.what = what
        self.do = do


class UnavailableError(BanwatchError):
    """The database cannot answer: it is locked or damaged, or out of memory or room.

    A page says so with status 503, since the same question may succeed later.
    """


class WireError(ValueError):
    """A stranger's bytes are not what they should be. Raised by every function named `*_untrusted`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
