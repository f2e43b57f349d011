"""Examples of answers, from the demo's recorded measurements (`examples.json`)."""

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


@cache
def _examples() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(files(__package__).joinpath("examples.json").read_bytes())
    return found


EXAMPLES = _examples()
