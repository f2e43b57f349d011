"""Tests of the collector and of store ownership."""
