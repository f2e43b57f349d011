"""What is asked for is not there."""


class NotFoundError(LookupError):
    """There is no such page or row; the text says what was not found."""
