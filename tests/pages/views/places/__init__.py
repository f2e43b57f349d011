"""Tests of pages of places."""
