"""What pages wrap an address in, for whoever looks for it: escapes of characters, compression."""
