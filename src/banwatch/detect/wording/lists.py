"""Lists of names as a sentence has them."""

from collections.abc import Sequence

from banwatch.detect import thresholds as t


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: the first few, and the number of the rest."""
    if len(names) > t.NAMES_IN_A_LIST:
        return f"{', '.join(names[: t.NAMES_IN_A_LIST])} and {len(names) - t.NAMES_IN_A_LIST} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1] if names else ""]))
