"""Lists of names in sentences."""

import pytest

from banwatch.model.wording import listed


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "nothing"),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_a_list_is_written_as_a_sentence_has_it(names: list[str], sentence: str) -> None:
    assert listed(names, 3, nothing="nothing") == sentence
