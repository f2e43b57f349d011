"""A ban file of one's own, begun with what is known."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from banwatch.bans.register import validate
from banwatch.bans.schema import Problem
from banwatch.model.ban import UNSPECIFIED
from banwatch.model.errors import BanwatchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Facts of an announcement; an empty text is unknown."""

    country: str
    title: str
    targets: Sequence[str]
    begins: str = ""
    ends: str = ""
    authority: str = ""
    source: str = ""
    """Address of the announcement, or of a report of it."""
    shutdown: bool = False


def write_new_ban(announced: Announced, folder: Path, ban_id: str = "") -> tuple[Path, tuple[Problem, ...]]:
    """Write a ban file, and return its path and what it still lacks.

    Args:
        announced: what is known.
        folder: directory of the file, made where it is missing.
        ban_id: name of the ban; by default its country and the year in which it begins.

    Raises:
        BanwatchError: the file is there already, or cannot be written.
    """
    name = ban_id or f"{announced.country.lower()}-{announced.begins[:4] or 'undated'}"
    content: dict[str, object] = {
        "id": name,
        "title": announced.title,
        "country": announced.country,
        "authority": announced.authority or UNSPECIFIED,
        "targets": list(announced.targets),
        "begins": announced.begins or UNSPECIFIED,
        "ends": announced.ends or UNSPECIFIED,
        "penalty": UNSPECIFIED,
        "facts": [],
        "sources": [],
        "notes": "",
    }
    if announced.shutdown:
        content |= {"shutdown": True}
    if announced.source:
        source = {
            "id": "announcement",
            "publisher": re.sub(r"^https?://(?:www\.)?([^/]+).*", r"\1", announced.source),
            "title": announced.title,
            "published": UNSPECIFIED,
            "url": announced.source,
        }
        content |= {
            "facts": [{"fact": announced.title, "sources": ["announcement"]}],
            "sources": [source],
        }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    path = folder / f"{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BanwatchError(f"{path} is there already", "Edit it, or give another --id") from None
    except OSError as error:
        raise BanwatchError(f"{path} cannot be written: {error}", "Give another folder with --out") from error
    return path, validate(text, str(path))
