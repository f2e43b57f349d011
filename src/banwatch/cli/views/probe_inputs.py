"""What the probe is told to measure, on the command line."""

import sys
from collections import Counter

from banwatch.bans import load_bans
from banwatch.cli.views.probe_lists import read_list
from banwatch.model.errors import BanwatchError
from banwatch.net.http.target_url import parse_target_url
from banwatch.probe.inputs.inputs import Input, only_categories
from banwatch.probe.inputs.risk import leave_out_risky
from banwatch.probe.nettests.applications import find_app
from banwatch.probe.nettests.catalogue import load_nettests
from banwatch.probe.nettests.small import check_input
from banwatch.probe.settings import Settings


def choose_inputs(
    urls: list[str], lists: list[str], ban: str | None, category: str, risky: str, settings: Settings
) -> list[str]:
    """Gather inputs, leave out what may endanger, and say so on stderr."""
    for url in urls:
        try:
            parse_target_url(url)
        except ValueError as error:
            raise BanwatchError(
                f"Cannot measure {url!r}: {error}", "Give a URL such as https://example.org/ or a name."
            ) from error
    listed: list[Input] = []
    for one in lists:
        listed += read_list(one, settings)
    if ban is not None:
        listed += _of_ban(ban)
    if not urls and not listed:
        raise BanwatchError("Nothing to measure", "Name URLs, a --list, or a --ban.")
    chosen = only_categories(listed, _codes(category))
    kept, left_out = leave_out_risky(chosen, settings.probe_cc, _codes(risky))
    if left_out:
        counts = Counter(one.category for one in left_out)
        told = ", ".join(f"{number} {code}" for code, number in sorted(counts.items()))
        print(
            f"left out, because to visit them may endanger you here: {told} "
            f"(--risky {','.join(sorted(counts))} measures them all the same)",
            file=sys.stderr,
        )
    inputs = list(dict.fromkeys([*urls, *(one.url for one in kept)]))
    if not inputs:
        raise BanwatchError("Nothing is left to measure", "Choose other categories.")
    return inputs


def choose_nettests(texts: list[str]) -> dict[str, list[str]]:
    """Check names of nettests, and the inputs behind an `=`; `web_connectivity` goes without saying."""
    chosen: dict[str, list[str]] = {}
    for text in texts:
        name, has_input, given = text.partition("=")
        if name not in {"web_connectivity", "network", *load_nettests()}:
            find_app(name)
        if has_input:
            try:
                check_input(name, given)
            except ValueError as error:
                raise BanwatchError(
                    f"Cannot measure {name} with {given!r}: {error}",
                    "See docs/probe.md for what each nettest takes.",
                ) from error
        if name != "web_connectivity":
            chosen.setdefault(name, []).extend([given] if has_input else [])
    return chosen


def _codes(text: str) -> set[str]:
    return {code.strip().upper() for code in text.split(",") if code.strip()}


def _of_ban(ban_id: str) -> list[Input]:
    bans = load_bans()
    if ban_id not in bans:
        raise BanwatchError(f"No ban {ban_id!r}", f"Known are: {', '.join(sorted(bans))}.")
    ban = bans[ban_id]
    named = [Input(f"https://{target}/") for target in ban.targets]
    return named + [Input(f"https://{target}/", category) for category, target in ban.category_targets]
