"""Places where a law does not hold yet. These lists only shrink; a new room or file is never added."""

RETIRED_WORDS: dict[str, frozenset[str]] = {}
"""Room -> retired words that its names may still use."""

LONG_FILES: frozenset[str] = frozenset()
"""Files of more than 400 lines."""

FULL_FOLDERS: frozenset[str] = frozenset()
"""Folders of more than 15 modules that are no flat list of one kind."""

CIRCLES: frozenset[str] = frozenset()
"""Rooms whose folders import each other in a circle."""

DOCSTRINGS: dict[str, int] = {}
"""Room -> how many of its docstrings may begin with "who", "what", "it" or "one"."""

THRESHOLDS: dict[str, frozenset[str]] = {
    "judge": frozenset(),
    "detect": frozenset(),
    "bans": frozenset(),
}
"""Room -> thresholds that stand outside of its `thresholds.py`."""
