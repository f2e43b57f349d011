"""Tests of the machinery of applications."""
