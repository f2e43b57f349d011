"""Censor: packets in, actions out. Time and seed are arguments, and no file or socket is opened.

*packet*: headers read and forged. *message*: a DNS question, a ClientHello or an HTTP request of a client.
*flow*: the state kept for one five-tuple. *rule set*: a regime's rules for one tier, compiled.
*action*: forward this packet, or inject that one.
"""
