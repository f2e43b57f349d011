"""Shell of a page: who publishes it, where it stands among the others, and how it is cited."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """Publisher of the pages, as its operator gives it."""

    name: str = "Banwatch"
    """Name of the observatory."""
    contact: str = ""
    """How to reach it, for questions and corrections; empty where the operator gave nothing."""
    licence: str = ""
    """Licence of data and pages; empty where the operator gave none."""
    about: str = ""
    """The operator's own text, in Markdown."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """The operator's notes on countries, in Markdown, by country code."""


@dataclass(frozen=True, slots=True)
class Crumb:
    """Step of the path from the first page to this one."""

    label: str
    href: str
    """Empty for the page itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Other form of a page's content, at the same address."""

    label: str
    href: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Surroundings of the content of a page: publisher, path, neighbours and other forms."""

    imprint: Imprint = Imprint()
    published: date | None = None
    """Day on which the page was made; None in a bulletin, whose measurements bear the date."""
    canonical: str = ""
    """Address of the page; with its host where the site has a public one."""
    crumbs: tuple[Crumb, ...] = ()
    earlier: Crumb | None = None
    later: Crumb | None = None
    twins: tuple[Twin, ...] = ()
    picture: str = ""
    """Address of the picture that a link to the page is shown with."""
    question: str = ""
    """Text in the field of the search."""
    embedded: bool = False
    """Whether the page stands within another: without header and footer."""

    @property
    def published_words(self) -> str:
        """Return the day of publication in words."""
        return words.day(self.published) if self.published else ""

    def citation(self, title: str) -> str:
        """Return how to cite the page."""
        when = f", published {self.published_words}" if self.published else ""
        at = f", {self.canonical}" if self.canonical.startswith("http") else ""
        return f"{self.imprint.name}: “{title}”{when}{at}"

    def dataset(self, title: str, description: str) -> str:
        """Return the page as a schema.org `Dataset`, as JSON that may stand within an element."""
        about: dict[str, object] = {
            "@context": "https://schema.org",
            "@type": "Dataset",
            "name": title,
            "description": description or title,
            "creator": {"@type": "Organization", "name": self.imprint.name},
            "isAccessibleForFree": True,
        }
        if self.canonical.startswith("http"):
            about["url"] = self.canonical
        if self.imprint.licence:
            about["license"] = self.imprint.licence
        if self.published:
            about["dateModified"] = self.published.isoformat()
        base = self.canonical.partition("?")[0]
        about["distribution"] = [
            {
                "@type": "DataDownload",
                "encodingFormat": twin.media_type,
                "contentUrl": twin.href
                if twin.href.startswith("http") or not base
                else _joined(base, twin.href),
            }
            for twin in self.twins
        ]
        text = json.dumps(about, ensure_ascii=False)
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def absolute(shell: Shell, path: str) -> str:
    """Return a path of the site with its host, where the site has a public address."""
    return _joined(shell.canonical, path)


def _joined(base: str, path: str) -> str:
    """Return a path of the site with the host of an address."""
    if not base.startswith("http"):
        return path
    scheme, _, rest = base.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{path}"


def path_to(*steps: tuple[str, str], here: str) -> tuple[Crumb, ...]:
    """Return the crumbs of a page from its steps, each a label and an address, and its own name."""
    return (*(Crumb(label, href) for label, href in steps if label), Crumb(here, ""))


def neighbours(items: Sequence[tuple[str, str]], here: str) -> tuple[Crumb | None, Crumb | None]:
    """Return the neighbours of an item, each a label and an address, in a list in its order."""
    places = [href for _, href in items]
    if here not in places:
        return None, None
    at = places.index(here)
    before = Crumb(*items[at - 1]) if at else None
    after = Crumb(*items[at + 1]) if at + 1 < len(items) else None
    return before, after
