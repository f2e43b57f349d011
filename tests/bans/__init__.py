"""Announced bans, and how they compare."""
