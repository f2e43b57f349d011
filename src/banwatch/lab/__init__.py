"""Lab: a censored country made of packets, two network namespaces with a censor between them.

*world*: the sites, resolvers and helper that exist. *regime*: what the censor does, to whom (*tier*), and
when. *censor*: a pure function from a packet, a direction and the time to actions. *machine*: namespaces,
links, clock and processes; every system call is made there. *truth*: a line for every flow, written by the
censor about what it did. *play*: a timeline measured in labs. *score*: verdicts compared with the truth.
"""
