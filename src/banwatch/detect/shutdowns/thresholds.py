"""Numbers by which the presence of voices decides, each with its unit and the reason for its value."""

PRESENT_VOICES = 512
"""Voices of a network or country whose gaps are followed, the most often heard ones: bounds the time."""
PRESENCE_GAPS = 20_000
"""Gaps to which their law is fitted: more add no digit."""
PRESENCE_LEAST_GAP = 0.1
"""Shortest gap, in hours of the rhythm: hours in which nobody measures are no time."""
PRESENCE_QUANTILES = (0.25, 0.75, 0.98)
"""Quantiles of the gaps at which the parts of their law begin: runs of a day, days, and spells of absence."""
PRESENCE_PRIOR_GAPS = 20.0
"""Gaps of its own from which a voice's law is its own rather than that of all."""
PRESENCE_VOICE_NATS = 7.0
"""Evidence of the absence of one voice, at most: a probe that measures every hour is unplugged for a day
once in years, and its own past does not show that."""
SHIFTED_SILENCES = 32
"""Silences of each copy that are weighed by its voices, the heaviest ones: the rest are below the tail."""
EXAMINED_NATS = 8.0
"""Evidence from which a silence may be a shutdown, and is no part of what chance gives."""
PRESENCE_ROUNDS = 40
"""Rounds of fitting the law of gaps: it has settled to a hundredth by then."""
PRESENCE_AT_ONCE = 1 << 15
"""Pairs of a silence and a voice that are computed together: bounds the memory."""
