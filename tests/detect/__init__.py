"""Detection: from cells to incidents."""
