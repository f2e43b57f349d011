"""What commands print: tables, lines and progress for people, JSON for machines."""
