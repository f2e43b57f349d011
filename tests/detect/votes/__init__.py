"""Tests of detection: votes."""
