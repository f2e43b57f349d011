"""Places where a law does not hold yet. These lists only shrink; a new room or file is never added."""

RETIRED_WORDS: dict[str, frozenset[str]] = {
    "bench": frozenset({"gathering", "inside", "known", "plan", "spent", "tell", "telling", "told"}),
    "collector": frozenset({"known", "told"}),
    "demo": frozenset({"plan", "room"}),
    "formats": frozenset({"known"}),
    "judge": frozenset({"gone", "inside", "known", "telling", "told"}),
    "lab": frozenset({"inside", "known", "moot", "place", "plan", "small", "told"}),
    "model": frozenset({"inside", "kind"}),
    "pipeline": frozenset({"gathering", "gone", "known", "place", "small", "spent", "told"}),
    "reference": frozenset({"known", "small"}),
    "store": frozenset({"gathered", "gathering", "kind", "known", "shelf", "told"}),
}
"""Room -> retired words that its names may still use."""

LONG_FILES: frozenset[str] = frozenset(
    {
        "src/banwatch/judge/weighing/weigh.py",
        "src/banwatch/store/engines/duckdb_layout.py",
    }
)
"""Files of more than 400 lines."""

FULL_FOLDERS: frozenset[str] = frozenset()
"""Folders of more than 15 modules that are no flat list of one kind."""

CIRCLES: frozenset[str] = frozenset()
"""Rooms whose folders import each other in a circle."""

DOCSTRINGS: dict[str, int] = {
    "collector": 10,
    "demo": 3,
    "formats": 28,
    "judge": 16,
    "lab": 56,
    "model": 25,
    "pipeline": 9,
    "reference": 5,
    "src": 1,
    "store": 13,
}
"""Room -> how many of its docstrings may begin with "who", "what", "it" or "one"."""

THRESHOLDS: dict[str, frozenset[str]] = {
    "judge": frozenset({"MIN_NETWORKS", "MIN_MEASUREMENTS", "FAILING_SHARE", "OTHERS_SHARE", "_HALF"}),
    "detect": frozenset(),
    "bans": frozenset(),
}
"""Room -> thresholds that stand outside of its `thresholds.py`."""
