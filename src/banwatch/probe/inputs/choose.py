"""Choice of inputs: URLs, test lists and bans, less those that may endanger whoever measures."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from banwatch.model.ban import Ban
from banwatch.model.errors import BanwatchError
from banwatch.net.http.target_url import parse_target_url
from banwatch.probe.inputs.inputs import UNKNOWN, Input, only_categories
from banwatch.probe.inputs.risk import leave_out_risky
from banwatch.probe.inputs.sources import read_list
from banwatch.probe.settings import Settings


def choose_inputs(
    urls: Sequence[str],
    lists: Sequence[str],
    ban_id: str | None,
    *,
    category: str,
    risky: str,
    settings: Settings,
    required: bool,
    load_bans: Callable[[], Mapping[str, Ban]],
    note: Callable[[str], None],
) -> list[str]:
    """Collect inputs from every source, and leave out those that may endanger.

    Args:
        urls: URLs and names as they were typed; these are never left out.
        lists: sources of test lists, see `read_list`.
        ban_id: announced ban whose targets are measured.
        category: categories that inputs of lists must have, such as `NEWS,HUMR`; all where empty.
        risky: categories to measure although they may endanger.
        settings: the country that the probe is in, and how lists are fetched.
        required: whether at least one input is needed; without nettests there is nothing else to measure.
        load_bans: gives the announced bans by id.
        note: called with a message on what was left out.

    Raises:
        BanwatchError: a source cannot be read, or nothing is left to measure.
    """
    if not (urls or lists or ban_id or required):
        return []
    for url in urls:
        try:
            parse_target_url(url)
        except ValueError as error:
            raise BanwatchError(
                f"Cannot measure {url!r}: {error}", "Give a URL such as https://example.org/ or a name."
            ) from error
    listed: list[Input] = []
    for source in lists:
        listed += read_list(source, settings, note)
    if ban_id is not None:
        listed += _read_ban(ban_id, load_bans())
    if not urls and not listed:
        raise BanwatchError("Nothing to measure", "Name URLs, a --list, or a --ban.")
    chosen = only_categories(listed, _split_codes(category))
    kept, left_out = leave_out_risky(chosen, settings.probe_cc, _split_codes(risky))
    _note_left_out(left_out, note)
    inputs = list(dict.fromkeys([*urls, *(one.url for one in kept)]))
    if not inputs:
        raise BanwatchError("Nothing is left to measure", "Choose other categories.")
    return inputs


def _note_left_out(left_out: Sequence[Input], note: Callable[[str], None]) -> None:
    counts = Counter(one.category for one in left_out)
    unknown = counts.pop(UNKNOWN, 0)
    if counts:
        listing = ", ".join(f"{number} {code}" for code, number in sorted(counts.items()))
        note(
            f"left out, because to visit them may endanger you here: {listing} "
            f"(--risky {','.join(sorted(counts))} measures them all the same)"
        )
    if unknown:
        note(
            f"left out, because their list gives no category that is known, and nobody can tell whether they "
            f"endanger you here: {unknown} (--risky {UNKNOWN} measures them all the same)"
        )


def _split_codes(text: str) -> set[str]:
    return {code.strip().upper() for code in text.split(",") if code.strip()}


def _read_ban(ban_id: str, bans: Mapping[str, Ban]) -> list[Input]:
    if ban_id not in bans:
        raise BanwatchError(f"No ban {ban_id!r}", f"Known are: {', '.join(sorted(bans))}.")
    ban = bans[ban_id]
    named = [Input(f"https://{target}/") for target in ban.targets]
    return named + [Input(f"https://{target}/", category) for category, target in ban.category_targets]
