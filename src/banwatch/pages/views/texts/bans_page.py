"""The register of announced bans, by country."""

from dataclasses import dataclass

from banwatch.pages.links import Links
from banwatch.pages.reader import Reader
from banwatch.pages.views.notices import Notice
from banwatch.pages.views.places.country import BanOfPlace, ban_of_place
from banwatch.pages.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class BansPage:
    """Content of the page of all bans."""

    title: str
    notices: tuple[Notice, ...]
    groups: tuple[tuple[str, str, tuple[BanOfPlace, ...]], ...]
    """Country, its address, and its bans."""
    links: Links


def view_bans(reader: Reader, links: Links) -> BansPage:
    """Compute the page of all bans."""
    codes = sorted({ban.country for ban in reader.bans().values()}, key=words.country)
    return BansPage(
        title="Announced bans",
        notices=(),
        groups=tuple(
            (
                words.country(code),
                links.country(code),
                tuple(ban_of_place(ban, links) for ban in reader.bans().values() if ban.country == code),
            )
            for code in codes
        ),
        links=links,
    )
