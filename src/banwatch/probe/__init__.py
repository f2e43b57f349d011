"""Measurement of targets, step by step, written in OONI's format.

*session*: one run of the probe, many sites at once. *nettest*: one kind of test of one input. *step*: one
lookup, connect, handshake or request; it returns a record, also of a failure. *record*: a df-00x entry of
the test keys. *follow-up*: a further step that settles what a first result leaves open. *spool*: measurements
that are not yet delivered, sealed.
"""
