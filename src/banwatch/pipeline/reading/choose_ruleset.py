"""Choice of a ruleset: the current table, or a ruleset file."""

from pathlib import Path

from banwatch.judge.ruleset_file import CURRENT, Ruleset, parse_ruleset_untrusted
from banwatch.model.errors import BanwatchError, WireError


def choose_ruleset(version_or_path: str | None) -> Ruleset:
    """Return the current ruleset for None or its version, else read a ruleset file.

    Raises:
        BanwatchError: there is no such version or file, or the file is no ruleset.
    """
    if version_or_path is None or version_or_path == CURRENT.version:
        return CURRENT
    path = Path(version_or_path)
    if not path.is_file():
        raise BanwatchError(
            f"There is no ruleset {version_or_path!r}",
            f"Give a file, or the version {CURRENT.version!r}; docs/judge.md says how to write one",
        )
    try:
        return parse_ruleset_untrusted(path.read_bytes())
    except WireError as error:
        raise BanwatchError(f"{path}: {error}", "docs/judge.md says how to write a ruleset") from None
