"""Views: tables, lines and progress for people, JSON for machines."""
