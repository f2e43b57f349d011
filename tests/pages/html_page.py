"""An HTML page, read as a browser would: its text, its addresses, and elements that could run."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

DATA = "application/ld+json"
"""Type of an element that holds data for search engines and does not run."""
_MAY_RUN = {"script", "iframe", "object", "embed", "form", "base", "link", "meta", "img", "video", "audio"}


@dataclass
class Page:
    addresses: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    @property
    def scripts(self) -> list[str]:
        """Everything in the page that would run."""
        found = [tag for tag, one in self.tags if tag == "script" and one.get("type") != DATA]
        for tag, attributes in self.tags:
            found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
            found += [
                f"{tag} {name}={value}"
                for name, value in attributes.items()
                if name in ("href", "src", "action")
                and (value or "").strip().lower().startswith("javascript:")
            ]
        return found

    @property
    def unexpected(self) -> list[str]:
        """Elements that our pages have no use for, beside what base.html has."""
        return [
            tag
            for tag, one in self.tags
            if tag in _MAY_RUN - {"link", "meta"} and one.get("role") != "search" and one.get("type") != DATA
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.page.tags.append((tag, attributes))
        for name in ("href", "src"):
            if attributes.get(name):
                self.page.addresses.append(attributes[name] or "")
        if attributes.get("id"):
            self.page.ids.append(attributes["id"] or "")

    def handle_data(self, data: str) -> None:
        self.page.text += data


def read(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    return reader.page
