"""Tests of backups, of the cold store, and of segments that are joined."""
