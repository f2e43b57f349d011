"""Tests of DNS."""
