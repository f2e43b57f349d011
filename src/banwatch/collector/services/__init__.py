"""Services for probes before they measure.

*probe services*: helpers, targets, and ids for reports. *older services*: accounts, Tor's servers, look-ups.
"""
