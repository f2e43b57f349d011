"""Encodings in which pages wrap an address, for searches of it: escapes of characters, compression."""
