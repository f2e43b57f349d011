"""Tests of the truth and its files."""
