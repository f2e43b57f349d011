"""Answers from a store."""
