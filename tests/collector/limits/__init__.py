"""Tests of the limits of a collector."""
