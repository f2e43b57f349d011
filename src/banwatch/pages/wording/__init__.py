"""Wording: identifiers, counts, times and comparisons in plain English, and JSON laid out for reading."""
