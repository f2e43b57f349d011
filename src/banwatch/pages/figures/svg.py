"""Canvas: SVG elements written one after another, in attributes that a strict content policy allows."""

from html import escape

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans KR', sans-serif"
INK = "#1c1c1a"
SOFT_INK = "#5c5a55"
LINE = "#c9c6bf"
PAPER = "#ffffff"
_WIDE_FROM = 0x1100
"""First of the characters that are as wide as they are high (Hangul, Kana, Han), roughly."""


def text_width(text: str, size_px: float) -> float:
    """Estimate the width of a text in pixels, on the wide side: the reader's font is not known."""
    wide = sum(ord(character) >= _WIDE_FROM for character in text)
    return size_px * (0.56 * (len(text) - wide) + wide)


def wrapped(text: str, size_px: float, width_px: float) -> list[str]:
    """Break a text into lines of a width, between words, or within one that is longer than a line."""
    lines: list[str] = []
    for part in text.split():
        word = part
        while text_width(word, size_px) > width_px and len(word) > 1:
            fits = max(1, int(len(word) * width_px / text_width(word, size_px)) - 1)
            lines.append(word[:fits])
            word = word[fits:]
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size_px) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def number(value: float) -> str:
    """Write a coordinate in as few characters as a tenth of a pixel takes."""
    return f"{value:.1f}".rstrip("0").rstrip(".").replace("-0", "0") if abs(value) < 0.05 else f"{value:.4g}"


class Canvas:
    """Drawing in the making; every text is escaped."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def add(self, element: str) -> None:
        """Add an element that this package wrote."""
        self._parts.append(element)

    def path(self, data: str, **attributes: str | float) -> None:
        """Add a path; nothing for one without data."""
        if data:
            self.add(f'<path d="{data}"{_attributes(attributes)}/>')

    def text(self, x: float, y: float, said: str, *, title: str = "", **attributes: str | float) -> None:
        """Add a line of text, with a longer one that shows under the pointer."""
        inner = escape(said) + (f"<title>{escape(title)}</title>" if title else "")
        self.add(f'<text x="{number(x)}" y="{number(y)}"{_attributes(attributes)}>{inner}</text>')

    def finish(self, width: float, height: float, alt: str, *, metadata: str = "") -> str:
        """Return the drawing on white paper, with its message for those who do not see it."""
        box = f"{number(width)} {number(height)}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" height="{number(height)}" '
            f'viewBox="0 0 {box}" role="img" aria-label="{escape(alt)}" font-family="{escape(FONT)}" '
            f'font-size="11.5" fill="{INK}">'
        )
        paper = f'<path d="M0 0h{number(width)}v{number(height)}H0z" fill="{PAPER}"/>'
        return head + metadata + paper + "".join(self._parts) + "</svg>"


def _attributes(values: dict[str, str | float]) -> str:
    shown = ((name.replace("_", "-"), value) for name, value in values.items())
    return "".join(
        f' {name}="{number(value) if isinstance(value, float) else escape(str(value))}"'
        for name, value in shown
    )
