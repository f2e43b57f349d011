"""Limits of a collector: what one client may send, and what all clients together may make the server hold.

*rate limit*: submissions a minute, by groups of addresses. *body budget*: memory and time of the bodies that
are being received. *proof of work*: the way in for clients without an address of their own, such as those of
an onion service.
"""
