"""A censored country made of packets: two network namespaces and a censor between them.

*world*: the sites, resolvers and helper that exist. *regime*: what the censor does, to whom (*tier*), and
when. *censor*: events in (a packet, a direction, the time), actions out; pure. *link*: what carries packets
between the client's namespace, the censor and the world. *truth*: a line for every flow, written by the
censor about what it did. *lab clock*: the time that regimes, residuals, certificates and measurements share.
"""
