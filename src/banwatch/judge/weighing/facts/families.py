"""Families of addresses in a resolver's answers: which of them a network can use, and which was not given."""

from collections.abc import Sequence

from banwatch.judge.weighing.facts.addresses import is_v6
from banwatch.model.observation import Observation

_V4, _V6 = "A", "AAAA"


def has_v6(addresses: Sequence[str]) -> bool:
    """Whether some address is of IPv6."""
    return any(":" in ip for ip in addresses)


def usable_without_v6(
    answers: tuple[str, ...], lookups: Sequence[Observation], expected: Sequence[str]
) -> tuple[str, ...]:
    """Return the answers that a network without IPv6 can use: IPv4 ones, where the name has such.

    Args:
        answers: what a resolver gave.
        lookups: the questions that it was asked.
        expected: addresses that the name is known to have.
    """
    if all(is_v6(ip) for ip in expected):
        return answers
    usable = tuple(ip for ip in answers if not is_v6(ip))
    # a library that was asked for both kinds at once does not say why it gave IPv6 addresses alone
    return usable if usable or _were_all_vain(lookups_of_v4(lookups)) else answers


def lookups_of_v4(lookups: Sequence[Observation]) -> list[Observation]:
    """Return the questions for IPv4 addresses alone."""
    return [lookup for lookup in lookups if lookup.query_type == _V4]


def lookups_in_vain(lookups: Sequence[Observation], expected: Sequence[str]) -> list[Observation]:
    """Return the questions for a kind of address that all failed, while the name has such."""
    for kind, wanted in ((_V4, False), (_V6, True)):
        asked = [lookup for lookup in lookups if lookup.query_type == kind]
        if _were_all_vain(asked) and any(is_v6(ip) is wanted for ip in expected):
            return asked
    return []


def _were_all_vain(lookups: Sequence[Observation]) -> bool:
    return bool(lookups) and all(lookup.failure for lookup in lookups)
