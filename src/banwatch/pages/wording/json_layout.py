"""Layout of JSON for reading, which adds nothing but white space."""

import re

MAX_INLINE = 110
"""Characters up to which an array or object stays on one line."""
MAX_TEXT = 1000
"""Characters of one string; longer ones are cut where shortening is asked for."""
_KEPT = 600

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|,|:|[^\s"\[\]{},:]+', re.DOTALL)
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?$")


def lay_out(text: str, *, shorten: bool = False) -> tuple[str, bool]:
    """Break JSON into lines.

    Args:
        text: JSON; other text comes out with other white space, and is not refused.
        shorten: cut strings over `MAX_TEXT` characters, and say so in them.

    Returns:
        The text in lines, and whether any string was cut.
    """
    tokens = _TOKEN.findall(text)
    cut = False
    if shorten:
        for index, token in enumerate(tokens):
            if len(token) > MAX_TEXT and token.startswith('"'):
                tokens[index] = _shortened(token)
                cut = True
    return "".join(_lines(tokens)), cut


def _shortened(token: str) -> str:
    kept = token[1:_KEPT]
    if len(kept) - len(kept.rstrip("\\")) != 0 or _CUT_ESCAPE.search(kept):
        kept = kept[: kept.rindex("\\")].rstrip("\\")
    return f'"{kept}… [{len(token) - 2 - len(kept):,} characters more]"'


def _lines(tokens: list[str]) -> list[str]:
    ends = _ends(tokens)
    out: list[str] = []
    depth = inline_until = 0
    for index, token in enumerate(tokens):
        inline = index < inline_until
        if token in "[{" and not inline:
            if ends.get(index, (0, MAX_INLINE + 1))[1] <= MAX_INLINE:
                inline_until = ends[index][0]
                out.append(token)
            else:
                depth += 1
                out.append(token + _line(depth))
        elif token in "]}" and not inline and index != inline_until:
            depth = max(0, depth - 1)
            out.append(_line(depth) + token)
        elif token == ",":
            out.append(", " if inline else "," + _line(depth))
        else:
            out.append(": " if token == ":" else token)
    return out


def _line(depth: int) -> str:
    return "\n" + " " * min(depth, 40)


def _ends(tokens: list[str]) -> dict[int, tuple[int, int]]:
    """Return, for each opening bracket, the closing one and the number of characters between."""
    ends: dict[int, tuple[int, int]] = {}
    open_at: list[tuple[int, int]] = []
    length = 0
    for index, token in enumerate(tokens):
        if token in "[{":
            open_at.append((index, length))
        elif token in "]}" and open_at:
            start, before = open_at.pop()
            ends[start] = (index, length - before)
        length += len(token) + (token in ",:")
    return ends
