"""Tests of detection: blocking."""
