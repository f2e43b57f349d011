"""Inputs: URLs with their categories, lists fetched over HTTPS, and targets that are risky."""
