"""Alerts: messages about incidents that begin to be believed, grow, end or are withdrawn.

*rule*: which incidents a channel hears of. *channel*: an Apprise address with one recipient, or a signed
webhook. *message*: what is said of an incident, once. *delivery*: row of the log of what was sent
where; the intent is recorded before anything leaves. *stream*: the same messages as server-sent events.
"""
