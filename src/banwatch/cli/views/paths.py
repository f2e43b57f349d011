"""Paths that Banwatch writes to."""

from collections.abc import Sequence

from banwatch.cli.views.json_lines import print_json
from banwatch.observatory.written_paths import WrittenPath
from banwatch.store.engines.budget import size_text


def show_paths(found: Sequence[WrittenPath], *, as_json: bool) -> None:
    """Print each path with its size and content."""
    if as_json:
        print_json(
            [{"path": str(one.path), "holds": one.holds, "size_bytes": one.size_bytes} for one in found]
        )
        return
    for one in found:
        size = "not there" if one.size_bytes is None else size_text(one.size_bytes)
        print(f"{one.path}\n    {size}; {one.holds}")
