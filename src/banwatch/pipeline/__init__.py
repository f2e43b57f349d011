"""Pipeline of the tiers: from lines of measurements to incidents.

*source*: a file, archive or stream that holds measurements, one a line. *line batch*: some lines of one
source, the unit of work. *ingest*: line batches are decoded, observed, weighed and judged by any number of
processes, and committed by one. *rebuild*: the same from the archive. *rejudge*: verdicts anew from stored
evidence. *detect*: cells to changes, incidents and comparisons.

Nothing is imported here: a worker process is `python -m banwatch.pipeline`, and loads no engine.
"""
