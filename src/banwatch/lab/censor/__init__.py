"""The censor: packets in, actions out. Pure: time and seed are arguments, nothing here opens anything.

*packet*: headers read and forged. *message*: what a client said: a DNS question, a ClientHello, a request.
*flow*: everything remembered about one five-tuple. *rule set*: a regime's rules for one tier, made ready.
*action*: forward this packet, or inject that one.
"""
