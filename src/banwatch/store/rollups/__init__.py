"""Rollups: verdicts counted into cells, days and months, kept by every commit.

A *rollup* is a table that follows from verdicts alone. *Touched keys* are the cells whose verdicts a
transaction added, removed or replaced; at its end, `refresh` counts these again, and nothing else. So every
rollup equals at each commit what counting all verdicts would give.
"""
