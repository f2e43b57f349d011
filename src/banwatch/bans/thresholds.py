"""Numbers by which a ban is compared, each with its unit and reason."""

ENFORCED_SHARE = 0.9
"""Share of the measurements that could tell which must show it: real censors let a few per cent through."""
PARTLY_MEASUREMENTS = 2
"""Measurements, by as many voices, from which isolated interference is said to be there in part."""
WINDOW_DAYS = 60
"""How long before its beginning and after its end measurements still say something about a ban."""
