"""Bytes to the model's nouns and back: measurement lines, test lists, fingerprint tables, bundles.

A function that reads a stranger's bytes ends in `_untrusted`, raises only `WireError` and has a size limit.
"""
