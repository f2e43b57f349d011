"""The spool: measurements that are not yet delivered, sealed to the collector's key, and their delivery."""
