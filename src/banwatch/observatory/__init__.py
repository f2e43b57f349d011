"""An observatory: one store, the explorer that shows it, the collector that fills it, and the work on it.

*serve*: the explorer and the collector in one process, which owns the store. *work*: ingest, rebuild, rejudge
and detect, done by this process or by the one that owns the store. The room stands above `explorer` and
`collector` because it is the only one that joins them.
"""
