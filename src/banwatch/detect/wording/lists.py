"""Lists of names as a sentence has them."""

from collections.abc import Sequence

_NAMED = 3
"""Names written out; the rest are counted."""


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: the first few, and the number of the rest."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))
