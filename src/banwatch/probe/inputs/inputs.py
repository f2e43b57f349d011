"""Inputs of a measurement: URLs with the category that their list gives them."""

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from banwatch.model.errors import WireError
from banwatch.net.http.target_url import parse_target_url

_MAX_LIST_BYTES = 64 << 20
_MAX_INPUTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Input:
    """An input: a URL or name to measure."""

    url: str
    category: str = ""
    """Citizen Lab's code, such as `NEWS`; empty where the list gives none."""


def parse_list_untrusted(data: bytes) -> tuple[list[Input], int]:
    """Read a list: Citizen Lab's CSV (`url,category_code,...`), or one URL or name a line.

    Returns:
        The inputs, each once, in order; and how many lines are no URL that can be measured.

    Raises:
        WireError: it is no list of that kind.
    """
    if len(data) > _MAX_LIST_BYTES:
        raise WireError("list longer than 64 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WireError("list is not UTF-8 text") from error
    first = text.lstrip().partition("\n")[0].strip().lower()
    if first.startswith("<"):
        raise WireError("a web page, not a list")
    rows = _read_csv(text) if first.split(",")[0] == "url" else _read_plain(text)
    found: dict[str, Input] = {}
    unusable = 0
    for one in rows:
        try:
            parse_target_url(one.url)
        except ValueError:
            unusable += 1
            continue
        found.setdefault(one.url, one)
        if len(found) > _MAX_INPUTS:
            raise WireError("list with more than a million inputs")
    return list(found.values()), unusable


def _read_csv(text: str) -> Iterable[Input]:
    try:
        for row in csv.DictReader(io.StringIO(text)):
            lowered = {(key or "").strip().lower(): value for key, value in row.items()}
            yield Input(
                str(lowered.get("url") or "").strip(), str(lowered.get("category_code") or "").strip()
            )
    except csv.Error as error:
        raise WireError("list is no readable CSV") from error


def _read_plain(text: str) -> Iterable[Input]:
    for line in text.splitlines():
        url = line.strip()
        if url and not url.startswith("#"):
            yield Input(url)


def only_categories(inputs: Iterable[Input], categories: Collection[str]) -> list[Input]:
    """Keep the inputs of these categories; all of them where none is named."""
    return [one for one in inputs if not categories or one.category in categories]
