"""HTTP: a request and its response in HTTP/1.1 or HTTP/2 (`request`), over QUIC (`quic`); URLs of targets."""
