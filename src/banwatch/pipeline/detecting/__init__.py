"""Detection over all cells, a country at a time.

- A *source* holds the cells of all countries, and summaries of them (`source`).
- *Kept findings* are those of an earlier detection, for the countries whose cells are the same (`kept`).
"""
