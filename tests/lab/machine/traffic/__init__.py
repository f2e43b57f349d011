"""Tests of links, path and middlebox, in memory."""
