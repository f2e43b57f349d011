"""The network seam: its three nets, and the protocols spoken over them."""
