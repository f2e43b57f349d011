"""Tests of anonymous credentials."""
