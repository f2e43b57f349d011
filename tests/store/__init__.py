"""Tables, archive and queries."""
