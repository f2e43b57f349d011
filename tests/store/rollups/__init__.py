"""Tests of the rollups."""
