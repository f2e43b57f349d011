"""Backups: a folder of objects named by their hash, and generations that list what a store was made of."""
