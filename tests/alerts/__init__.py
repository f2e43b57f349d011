"""Alerts: who hears of what, once; signatures; what leaves and what is recorded."""
