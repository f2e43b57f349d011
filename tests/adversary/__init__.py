"""Attacks on an observatory: each is a test that fails on the code of 0.1.0."""
