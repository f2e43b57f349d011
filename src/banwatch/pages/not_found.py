"""The error for a page or row that does not exist."""


class NotFoundError(LookupError):
    """No such page or row exists; the text says what was not found."""
