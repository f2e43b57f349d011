"""Takes work for a store that one process owns.

*owner*: the process that has a DuckDB file open for writing, such as `banwatch serve`; it listens on a socket
beside the file. *request*: one line of JSON from another command on this machine that found the file in use:
what to ingest, rebuild or detect. *answer*: lines of JSON with progress, then a report or an error.
"""

from banwatch.collector.owner import ask, own

__all__ = ["ask", "own"]
