"""Tests of detection: shutdowns."""
