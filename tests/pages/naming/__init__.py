"""Tests of names and of the search."""
