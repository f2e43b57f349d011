"""The lab: packets, censor, links and namespaces."""
