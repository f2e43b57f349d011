"""Receipts of submissions, and the keys of named sources."""
