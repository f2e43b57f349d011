"""Who cannot reach what, on which network, since when, by what means, and is that what was announced?"""

__version__ = "0.1.0"
