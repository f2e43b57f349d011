"""Values that verdicts must have."""

import pytest

from banwatch.model.errors import BanwatchError
from banwatch.model.state import State
from banwatch.pipeline.reading.verdict_filter import parse_state


def test_a_state_is_named_as_the_pages_name_it() -> None:
    assert parse_state("blocked") is State.BLOCKED
    assert parse_state(None) is None
    with pytest.raises(BanwatchError, match="there is no state 'bad'"):
        parse_state("bad")
