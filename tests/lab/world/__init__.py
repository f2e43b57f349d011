"""Tests of the world: what exists, what it answers."""
