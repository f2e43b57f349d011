"""Incidents: groups of changes, with ids that stay and evidence for and against each.

- A *cluster* holds changes that began together; `common_cause` separates outages of a site or of a network.
- A *selection* holds the clusters that the evidence supports, and the changes set aside with their reasons.
- `build` makes incidents; `ids` gives each its id; `past_views` reads the log of publications.
"""
