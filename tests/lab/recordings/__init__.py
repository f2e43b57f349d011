"""Tests of the recordings that ship."""
