"""Tests of the lab's machine."""
