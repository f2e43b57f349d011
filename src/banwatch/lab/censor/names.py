"""Matchers of names and address prefixes, for lists of any length."""

import re
from collections.abc import Callable, Iterable

from banwatch.lab.regime.match import NameList, Prefix

_FEW = 16
"""Substrings that are searched one by one; longer lists go into an automaton."""


class NameMatcher:
    """Matches names against a list, in time that does not grow with the list."""

    def __init__(self, names: NameList) -> None:
        self._whole = names.exact | names.suffix
        self._suffix = names.suffix
        self._wildcard: re.Pattern[str] | None = None
        if names.wildcard:
            parts = (".*".join(re.escape(part) for part in name.split("*")) for name in names.wildcard)
            self._wildcard = re.compile("|".join(f"(?:{part})" for part in parts))
        self._has_substring = _substring_finder(names.substring)
        self._excepted = NameMatcher(names.excepted) if names.excepted is not None else None
        self._holds_all = not len(names)

    def matches(self, name: str) -> bool:
        """Return whether the list holds a name, given in lower case without a final dot."""
        if self._excepted is not None and self._excepted.matches(name):
            return False
        return self._holds_all or self._is_listed(name)

    def _is_listed(self, name: str) -> bool:
        if name in self._whole:
            return True
        if self._suffix:
            dot = name.find(".")
            while dot >= 0:
                if name[dot + 1 :] in self._suffix:
                    return True
                dot = name.find(".", dot + 1)
        if self._wildcard and self._wildcard.fullmatch(name):
            return True
        return self._has_substring is not None and self._has_substring(name)


def _substring_finder(substrings: tuple[str, ...]) -> Callable[[str], bool] | None:
    if not substrings:
        return None
    if len(substrings) <= _FEW:
        return lambda name: any(part in name for part in substrings)
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for part in substrings:
        automaton.add_word(part, True)
    automaton.make_automaton()
    return lambda name: next(automaton.iter(name), None) is not None


class PrefixSet:
    """Set of prefixes that addresses (4 or 16 bytes) are looked up in."""

    def __init__(self, prefixes: Iterable[Prefix]) -> None:
        self._by_shift: dict[tuple[int, int], set[int]] = {}
        for prefix in prefixes:
            shift = prefix.max_prefixlen - prefix.prefixlen
            key = (prefix.max_prefixlen // 8, shift)
            self._by_shift.setdefault(key, set()).add(int(prefix.network_address) >> shift)

    def __bool__(self) -> bool:
        return bool(self._by_shift)

    def contains(self, address: bytes) -> bool:
        """Return whether one of the prefixes holds an address."""
        number, size = int.from_bytes(address, "big"), len(address)
        return any(
            number >> shift in networks
            for (width, shift), networks in self._by_shift.items()
            if width == size
        )
