"""Marks of products in a page: some words, all looked for in one pass."""

from collections.abc import Iterable

import re2


class Marks:
    """Words any of which marks a page; a search takes time linear in the page."""

    def __init__(self, words: Iterable[bytes], *, any_case: bool = False) -> None:
        """Compile the words.

        Args:
            words: each stands for itself.
            any_case: whether ASCII letters of the other case are the same.
        """
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.case_sensitive = not any_case
        self._set = re2.Set.SearchSet(options)
        self._set.Add(b"|".join(b"".join(b"\\x%02x" % byte for byte in word) for word in words))
        self._set.Compile()

    def are_in(self, text: bytes) -> bool:
        """Whether a text has one of the words."""
        return bool(text) and bool(self._set.Match(text))
