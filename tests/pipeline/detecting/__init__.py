"""Tests of detection over all cells, a country at a time."""
