"""The demo: its folder, its result, and the whole run."""
