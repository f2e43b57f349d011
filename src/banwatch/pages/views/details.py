"""Lists of details, as most pages have one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Line of a list of details: a name with its value."""

    name: str
    value: str
