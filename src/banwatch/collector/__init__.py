"""Takes measurements and work for a store that one process owns.

*owner*: the process that has a DuckDB file open for writing, such as `banwatch serve`; it listens on a socket
beside the file. *request*: one line of JSON from another command on this machine that found the file in use:
what to ingest, judge, rebuild or detect. *answer*: lines of JSON with progress, then a report or an error.

*submission*: what a probe sends over HTTP: a measurement by OONI's protocol, one that is sealed to the
collector's key, or a file of many. *inbox*: the folder beside the store in which accepted submissions are
safe on the disk before the probe hears so. *keeper*: the thread that brings them into the store. *refusal*: a
submission that was not taken; it is noted in the store's quarantine.
"""

from banwatch.collector.owner import Owner, own
from banwatch.collector.ownership import writable

__all__ = ["Owner", "own", "writable"]
