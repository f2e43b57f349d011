"""Tests of the database engines."""
