"""Collector of submitted measurements, and ownership of a store by one process.

*owner*: the process that has a DuckDB file open for writing, such as `banwatch serve`; it listens on a socket
beside the file. *writer*: work on a store, carried out directly or by its owner. *request*: one line of JSON
to an owner. *answer*: lines of JSON with progress, then a report or an error.

*submission*: what a probe sends over HTTP: a measurement by OONI's protocol, one that is sealed to the
collector's key, or a file of many. *inbox*: the folder beside the store in which accepted submissions are
safe on the disk before the probe gets an answer. *ingest thread*: the thread that brings them into the
store. *refusal*: a submission that was not taken; it is recorded in the store's quarantine.
"""

from banwatch.collector.owner import Owner, own
from banwatch.collector.ownership import writable

__all__ = ["Owner", "own", "writable"]
