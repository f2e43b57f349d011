"""The type of a progress callback."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with how much of some work is done, and how much there is in all (0 where nobody knows yet)."""
