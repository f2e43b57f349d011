"""Tests of detection: wording."""
