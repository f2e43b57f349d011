"""Tests of the machinery of the web test."""
