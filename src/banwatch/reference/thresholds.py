"""Numbers by which fingerprints are graded, with unit, reason and evidence.

The evidence is `bench/fingerprint_quotes.py`: shares of ordinary pages that each pattern hits.
"""

SENTENCE_WORDS = 5
"""Words from which a pattern is a sentence of its author. Shorter phrases ("Access Denied", "Application
Blocked") are everybody's. Of scripts without spaces, two characters count as a word."""

ADDRESS_CHARACTERS = 16
"""Characters from which an address or an id in a page (a URL with a path, a script of one operator) is
specific. Shorter ones, and addresses of a whole site, are linked from pages that report on them."""

HEADER_CHARACTERS = 8
"""Characters from which the value of a header is specific: pages are quoted, headers are not."""

WHOLE_BODY_CHARACTERS = 40
"""Characters from which a page that is nothing but its pattern is specific: many servers send empty pages."""

MARKUP_CHARACTERS = 40
"""Characters from which tags with their attributes are specific: who quotes a page quotes its words, and a
page that shows tags to its readers writes them with entities."""

CONTEXT_BYTES = 48
"""Bytes shown before and after a match, so that a reader can see what the words stand in."""

MATCH_BYTES = 96
"""Bytes of the match itself that are shown; the longest patterns are whole pages."""
