"""TLS: handshakes over any stream (`handshake`), a ClientHello of our own (`tls13`, `ech`), certificates."""
