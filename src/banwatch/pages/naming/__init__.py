"""Names of places, networks and targets, and the search for them."""
