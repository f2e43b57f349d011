"""Processes of a lab: the censor, programs in the client's namespaces, and the workers of a play."""
