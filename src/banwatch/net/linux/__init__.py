"""Linux socket features that Python does not name: ICMP errors and resets that are ignored."""
