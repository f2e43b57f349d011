"""What a censor does, to whom and when: regimes as frozen values, read from YAML and written out in words."""
