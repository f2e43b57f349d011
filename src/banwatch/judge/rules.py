"""The rule table."""

RULESET = "2026-11-22.0"
RULES: tuple[object, ...] = ()
