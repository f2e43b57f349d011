"""Groups changes into incidents, with ids that stay and evidence for and against each.

- A *cluster* holds changes that began together; `common_cause` separates outages of a site or of a network.
- `select` drops what the evidence does not carry; `build` makes incidents; `ids` gives each its id for good.
"""
