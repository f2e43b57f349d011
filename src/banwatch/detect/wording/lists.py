"""Lists of names as a sentence has them."""

from collections.abc import Sequence

from banwatch.detect import thresholds as t
from banwatch.model import wording


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: the first few, and the number of the rest."""
    return wording.listed(names, t.NAMES_IN_A_LIST)
