"""The observatory: its settings, its health, its scheduled work."""
