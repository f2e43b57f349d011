"""Tests of detection: incidents."""
