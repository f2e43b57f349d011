"""Attacks that cost an attacker addresses and days, and floods."""
