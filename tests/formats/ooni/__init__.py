"""Tests of OONI's format."""
