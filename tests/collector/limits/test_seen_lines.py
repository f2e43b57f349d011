"""Lines that came before, in bounded memory."""

from banwatch.collector.limits.seen_lines import SeenLines


def test_a_copy_is_known_and_another_line_is_not() -> None:
    seen = SeenLines(10)
    assert [seen.came_before(line) for line in (b"a", b"b", b"a", b"a ", b"b")] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_a_full_memory_begins_anew_and_forgets() -> None:
    seen = SeenLines(2)
    assert not any(seen.came_before(line) for line in (b"a", b"b", b"c"))
    assert seen.came_before(b"c")
    assert not seen.came_before(b"a")
