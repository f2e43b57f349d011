"""Regimes: what a censor does, to whom and when, as frozen values, read from YAML and rendered as pages."""
