"""Decisions carried out: measurements taken out or put back, content removed, incidents moderated."""
