"""Files that people have, as snapshots: fingerprint tables, test lists, tables of networks."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from banwatch.formats.fingerprints import is_fingerprint_table, parse_fingerprints_untrusted
from banwatch.formats.test_lists import ListedSite, count_unknown, parse_test_list_untrusted, read_test_lists
from banwatch.model.errors import BanwatchError, WireError
from banwatch.model.reference import Fingerprint
from banwatch.reference import fingerprint_index, network_table, snapshots

_BEGINNING_BYTES = 4096
_WHAT = "fingerprint tables, a folder or zip of test lists, or tables of networks"


def import_files(
    paths: Sequence[Path],
    *,
    as_of: date,
    source: str = "",
    licence: str = "",
    countries: Path | None = None,
    data_dir: Path | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> snapshots.Snapshot:
    """Import files of one kind as one snapshot.

    Args:
        paths: fingerprint tables (CSV), or test lists (a folder, a local clone, a zip or CSV files), or
            tables of networks (CSV of first, last, AS number, name; or one packed table).
        as_of: the day that the data is of.
        source: where it is from, for readers; the paths' names where empty.
        licence: what may be done with it.
        countries: with tables of networks, a CSV of first, last, country code.
        data_dir: where to; the user's own folder where None.
        note: called with a message on rows of test lists that were passed over.

    Raises:
        BanwatchError: a file that is not what it should be.
    """
    folder = data_dir if data_dir is not None else snapshots.default_data_dir()
    for path in paths:
        if not path.exists():
            raise BanwatchError(f"There is no {path}", f"Give {_WHAT}")
    try:
        kind = _kind_of(paths[0])
        match kind:
            case "fingerprints":
                entries, content = _pack_fingerprints(paths)
            case "test-lists":
                entries, content = _pack_test_lists(paths, note)
            case _:
                entries, content = _pack_networks(paths, countries)
    except WireError as error:
        raise BanwatchError(f"Nothing was imported: {error}", f"Expected {_WHAT}") from None
    return snapshots.save(
        folder,
        kind=kind,
        as_of=as_of,
        source=source or ", ".join(path.name for path in paths),
        licence=licence,
        entries=entries,
        content=content,
    )


def read_fingerprints(data_dir: Path, snapshot: snapshots.Snapshot) -> list[Fingerprint]:
    """Fingerprints of an imported snapshot."""
    return msgspec.json.decode(snapshots.read(data_dir, snapshot), type=list[Fingerprint])


def read_sites(data_dir: Path, snapshot: snapshots.Snapshot) -> list[ListedSite]:
    """Sites of an imported snapshot of test lists."""
    return msgspec.json.decode(snapshots.read(data_dir, snapshot), type=list[ListedSite])


def _kind_of(path: Path) -> str:
    if path.is_dir() or path.suffix == ".zip":
        return "test-lists"
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING_BYTES)
    if is_fingerprint_table(beginning):
        return "fingerprints"
    if beginning.startswith(network_table.MAGIC):
        return "networks"
    heading = beginning.partition(b"\n")[0]
    return "test-lists" if b"category_code" in heading else "networks"


def _pack_fingerprints(paths: Sequence[Path]) -> tuple[int, bytes]:
    found: dict[tuple[str, str, str], Fingerprint] = {}
    for path in paths:
        try:
            for fingerprint in parse_fingerprints_untrusted(path.read_bytes()):
                fingerprint_index.check(fingerprint)
                found[(fingerprint.name, fingerprint.location, fingerprint.pattern)] = fingerprint
        except WireError as error:
            raise WireError(f"{path.name}: {error}") from None
    ordered = [found[key] for key in sorted(found)]
    return len(ordered), msgspec.json.encode(ordered)


def _pack_test_lists(paths: Sequence[Path], note: Callable[[str], None]) -> tuple[int, bytes]:
    sites: list[ListedSite] = []
    for path in paths:
        single = path.suffix == ".csv" and path.is_file()
        lists = [(path.stem, path.read_bytes())] if single else list(read_test_lists(path))
        if not lists:
            raise WireError(f"{path.name} holds no test list")
        for name, table in lists:
            try:
                passed_over: Counter[str] = Counter()
                found = parse_test_list_untrusted(table, name, passed_over)
            except WireError as error:
                raise WireError(f"{path.name}, list {name}: {error}") from None
            sites.extend(found)
            if passed_over:
                reasons = ", ".join(f"{count} {reason}" for reason, count in passed_over.most_common())
                note(f"list {name}: {passed_over.total()} rows passed over: {reasons}")
            if unknown := count_unknown(found):
                note(f"list {name}: {unknown} sites without a known category are measured only on wish")
    sites.sort(key=lambda site: (site.listed_for, site.url, site.category))
    return len(sites), msgspec.json.encode(sites)


def _pack_networks(paths: Sequence[Path], countries: Path | None) -> tuple[int, bytes]:
    beginning = paths[0].read_bytes()[: len(network_table.MAGIC)] if len(paths) == 1 else b""
    if beginning == network_table.MAGIC:
        packed = paths[0].read_bytes()
        return len(network_table.unpack_untrusted(packed)), packed
    ases = (row for path in paths for row in network_table.read_as_rows(path))
    country_rows = network_table.read_country_rows(countries) if countries else ()
    table = network_table.build(ases, country_rows)
    if len(table) == 0:
        raise WireError(f"{paths[0].name} holds no range of addresses with an AS number")
    return len(table), table.pack()
