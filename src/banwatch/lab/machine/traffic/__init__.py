"""Traffic between client and world: links, delays and losses, the middlebox, captures."""
