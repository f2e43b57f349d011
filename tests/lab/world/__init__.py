"""Tests of the world: what exists, and what it answers."""
