"""Files of measurements: *sources* finds them, *bucket* fetches them, *unpack* and *documents* read them."""
