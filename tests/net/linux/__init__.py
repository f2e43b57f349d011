"""Tests of Linux socket features."""
