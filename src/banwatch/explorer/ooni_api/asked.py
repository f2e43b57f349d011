"""Parameters of OONI's API, as its clients really send them, and the refusal of those that say nothing.

A list is given with commas, blanks beside them allowed, or by repeating the parameter. Unknown parameters are
passed over, since OONI's Explorer forwards whole queries.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request

from banwatch.model.ids import parse_asn

_WORDS_OF_NOTHING = frozenset({"", "null"})
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
"""Years that a time in a request may lie in, so that every engine can compare it."""
MAX_VALUES = 1_000
"""Values in one list at most."""
_MAX_VALUE_LENGTH = 2_048
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?", re.ASCII)


class AskedError(Exception):
    """A question that is refused, with the answer in the shape that clients of OONI's API expect."""

    def __init__(self, status: int, content: Mapping[str, Any]) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.content = content


def malformed(name: str, says: str) -> AskedError:
    """Make the refusal of a parameter that cannot be read: 422, as FastAPI's own."""
    return AskedError(422, {"detail": [{"loc": ["query", name], "msg": says, "type": "value_error"}]})


@dataclass(frozen=True, slots=True)
class Asked:
    """Query of a request, read by kind of value."""

    request: Request

    def text(self, name: str) -> str | None:
        """Return a parameter; None where it is absent, empty or `null`."""
        value = self.request.query_params.get(name)
        if value is None or value in _WORDS_OF_NOTHING:
            return None
        if len(value) > _MAX_VALUE_LENGTH or "\0" in value:
            raise malformed(name, f"at most {_MAX_VALUE_LENGTH} characters are read")
        return value

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return the values of a list, which may have several names; without doubles, in the given order."""
        found: dict[str, None] = {}
        for name in names:
            for given in self.request.query_params.getlist(name):
                for value in given.split(","):
                    if (value := value.strip()) not in _WORDS_OF_NOTHING:
                        found[value] = None
        if len(found) > MAX_VALUES or any(len(one) > _MAX_VALUE_LENGTH or "\0" in one for one in found):
            raise malformed(names[0], f"at most {MAX_VALUES} values are read")
        return tuple(found)

    def countries(self, name: str = "probe_cc") -> tuple[str, ...]:
        """Return country codes, in capital letters."""
        found = tuple(value.upper() for value in self.texts(name))
        for value in found:
            if len(value) != 2:
                raise malformed(name, "a country is two letters")
        return found

    def networks(self, *names: str) -> tuple[int, ...]:
        """Return AS numbers, given as `AS123` or `123`."""
        values = self.texts(*(names or ("probe_asn",)))
        found = tuple(int(parse_asn(value.upper())) for value in values)
        for value, number in zip(values, found, strict=True):
            if number == 0 and value.upper().removeprefix("AS").strip("0"):
                raise malformed((names or ("probe_asn",))[0], "a network is AS and a number")
        return found

    def flag(self, name: str) -> bool | None:
        """Return a truth value; None where it is absent."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise malformed(name, "true or false")
        return value.lower() in ("true", "1", "yes")

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return a number from 0 to `most`."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isdecimal() or not value.isascii() or int(value[:12]) > most:
            raise malformed(name, f"a number from 0 to {most}")
        return int(value)

    def time(self, name: str) -> datetime | None:
        """Return a moment in UTC; None where it is absent."""
        value = self.text(name)
        if value is None:
            return None
        if not _DATE.fullmatch(value):
            raise malformed(name, "a date or a time, as 2026-01-31 or 2026-01-31T12:00:00Z")
        try:
            at = datetime.fromisoformat(value.replace(" ", "+", 1) if "T" in value else value)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise malformed(name, "a date or a time, as 2026-01-31 or 2026-01-31T12:00:00Z") from None
        if not _FIRST_YEAR <= at.year < _LAST_YEAR:
            raise malformed(name, f"a year from {_FIRST_YEAR} to {_LAST_YEAR}")
        return at

    def choice(self, name: str, values: Sequence[str]) -> str | None:
        """Return one of some words, in any case; None where it is absent."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in values:
            raise malformed(name, f"one of {', '.join(values)}")
        return value.lower()


def tomorrow(now: datetime) -> datetime:
    """Return the next midnight in UTC, up to which questions without an end ask."""
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
