"""Tests of reading files of measurements."""
