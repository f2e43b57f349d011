"""Tests of the house itself: its words, its laws, its docs."""
