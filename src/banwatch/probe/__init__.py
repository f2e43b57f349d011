"""Measures targets step by step and writes OONI-format measurements.

*session*: one run of the probe, many sites at once. *nettest*: what is done with one input. *step*: one
lookup, connect, handshake or request; it returns a record, also of a failure. *record*: a df-00x entry of
the test keys. *follow-up*: a further step that settles what a first result leaves open. *spool*: what was
measured and is not yet delivered, sealed.
"""
