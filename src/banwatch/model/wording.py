"""Wording that the sentences of several rooms share."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int, *, nothing: str = "") -> str:
    """Return names as a sentence has them: `a, b and c`; past `most`, the number of the rest.

    Args:
        names: in the order wanted.
        most: names that are written out.
        nothing: what an empty list gives.
    """
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    if len(shown) < 2:
        return shown[0] if shown else nothing
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
