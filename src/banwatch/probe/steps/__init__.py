"""Steps, one file each: a lookup, a connect, a handshake, a request, a question to the helper.

A step is a plain async function; it returns a record whatever happened, and what the next step needs or None.
"""
