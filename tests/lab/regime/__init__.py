"""Tests of regimes and their files."""
