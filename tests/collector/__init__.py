"""Work for a store that another process owns."""
