"""Tests of counts for reading."""
