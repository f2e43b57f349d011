"""Register of bans: one checked file each, as frozen values."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, cast

from banwatch.bans import thresholds as t
from banwatch.bans.importing import Draft
from banwatch.bans.schema import PARTIAL_DATE, Problem, precision_of, problems_in
from banwatch.model.ban import UNSPECIFIED, Ban, BoundNetwork, Meaning, Meant, Source
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode, TargetName

ENVIRONMENT = "BANWATCH_BANS"
"""Variable that names the folder of one's own bans."""
_DRAFT: dict[str, Any] = {
    "authority": UNSPECIFIED,
    "penalty": UNSPECIFIED,
    "facts": [],
    "sources": [],
    "notes": "",
}
"""What stands in for keys that a draft lacks."""
_MAY_LACK = frozenset(_DRAFT)
_log = logging.getLogger(__name__)


def load_bans(folder: Path | None = None) -> dict[str, Ban]:
    """Read every ban, by id in alphabetical order.

    Args:
        folder: directory of the files; if omitted, the register that ships with Banwatch, and the bans of
            one's own in the folder that `BANWATCH_BANS` names. A bad file of these is named in the log and
            passed over.

    Raises:
        BanwatchError: a file of `folder` is not a ban; the message names file, line and key.
    """
    bans = _load_all(folder)
    own = own_folder()
    if folder is None and own is not None:
        for found in check_files([own]):
            if found.ban is None or found.ban.ban_id in bans:
                said = f"{found.path}: its id is taken" if found.ban else str(found.problems[0])
                _log.warning("ban passed over: %s", said)
            else:
                bans[found.ban.ban_id] = found.ban
    return dict(sorted(bans.items()))


def _load_all(folder: Path | None) -> dict[str, Ban]:
    bans: dict[str, Ban] = {}
    for name, text in sorted(_files(folder)):
        ban = parse_ban(text, name)
        if ban.ban_id in bans:
            raise BanwatchError(f"{name}: the id {ban.ban_id} is taken", "Give each ban an id of its own.")
        bans[ban.ban_id] = ban
    return bans


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A ban file, read."""

    path: Path
    ban: Ban | None
    """None where something that a comparison needs is missing or wrong."""
    problems: tuple[Problem, ...]
    """Departures from the form, also those that a draft may have."""


def use_folder(folder: Path | None) -> None:
    """Take the bans of a folder too, in this process and those that it starts; None changes nothing.

    Raises:
        BanwatchError: there is no such folder.
    """
    if folder is None:
        return
    if not folder.is_dir():
        raise BanwatchError(f"There is no folder {folder}", "Make one with `banwatch bans new --out FOLDER`.")
    os.environ[ENVIRONMENT] = str(folder)


def own_folder() -> Path | None:
    """Return the folder of one's own bans, which the environment names."""
    named = os.environ.get(ENVIRONMENT, "")
    return Path(named) if named else None


def check_files(paths: Iterable[Path]) -> list[CheckedFile]:
    """Read ban files, and those of folders.

    Raises:
        BanwatchError: a path cannot be read.
    """
    found = []
    for path in paths:
        for name, text in sorted(_files(path) if path.is_dir() else [(str(path), _read(path))]):
            problems = validate(text, name)
            is_ban = not _serious(problems)
            ban = _ban_of(text, name) if is_ban else None
            found.append(CheckedFile(path=Path(name), ban=ban, problems=problems))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(f"{path} cannot be read: {error}", "Give a ban file in UTF-8.") from error


def _serious(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems for which a file cannot be compared with measurements."""
    return tuple(one for one in problems if one.key.split(":")[0].split("[")[0] not in _MAY_LACK)


def _files(folder: Path | None) -> Iterable[tuple[str, str]]:
    try:
        if folder is None:
            shipped = resources.files("banwatch.bans") / "data"
            return [(f.name, f.read_text("utf-8")) for f in shipped.iterdir() if f.name.endswith(".yaml")]
        return [(str(path), path.read_text("utf-8")) for path in sorted(folder.glob("*.y*ml"))]
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(f"The bans cannot be read: {error}", "Check the folder and its files.") from error


def validate(text: str, file: str) -> tuple[Problem, ...]:
    """Return every departure of a file from the form, in order of lines; empty for a good one."""
    content, problems = problems_in(text, file)
    if problems:
        return problems
    return tuple(_contradictions(cast("Mapping[str, Any]", content), file))


def _contradictions(content: Mapping[str, Any], file: str) -> Iterable[Problem]:
    """Yield contradictions between fields."""
    ids = [source["id"] for source in content["sources"]]
    for source in content["sources"]:
        cites = source.get("cites", "")
        if cites and cites not in ids:
            yield Problem(file, 0, f"sources: {source['id']}.cites", repr(cites), f"one of {', '.join(ids)}")
    for item in content.get("meanings", []):
        if item["target"] not in content.get("targets", []):
            yield Problem(file, 0, "meanings", repr(item["target"]), "one of the targets")
        for name in item.get("sources", []):
            if name not in ids:
                yield Problem(file, 0, f"meanings: {item['target']}", repr(name), f"one of {', '.join(ids)}")
    if len(set(ids)) != len(ids):
        yield Problem(file, 0, "sources", "an id twice", "each source once")
    if sum(bool(source["url"]) for source in content["sources"]) < t.LEAST_SOURCES:
        yield Problem(file, 0, "sources", "too few with an address", f"at least {t.LEAST_SOURCES}")
    for fact in content["facts"]:
        for name in fact["sources"]:
            if name not in ids:
                yield Problem(file, 0, f"facts: {fact['fact']}", repr(name), f"one of {', '.join(ids)}")
        if not fact["sources"]:
            yield Problem(file, 0, f"facts: {fact['fact']}", "no source", "at least one")
    begins, ends = content["begins"], content["ends"]
    if UNSPECIFIED not in (begins, ends) and ends < begins[: len(ends)]:
        yield Problem(file, 0, "ends", f"{ends!r}, before it begins", f"{begins!r} or later")
    announced = set(content.get("categories", []))
    for item in content.get("category_targets", []):
        if item["category"] not in announced:
            yield Problem(file, 0, "category_targets", item["category"], f"one of {', '.join(announced)}")
    if not (content.get("targets") or content.get("categories") or content.get("shutdown")):
        yield Problem(file, 0, "targets", "nothing", "targets, categories, or shutdown: true")


def parse_ban(text: str, file: str) -> Ban:
    """Read one ban file.

    Raises:
        BanwatchError: it departs from the form; the message has the first departure and their number.
    """
    problems = validate(text, file)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BanwatchError(f"{problems[0]}{more}", "docs/bans.md describes the file.")
    return _ban_of(text, file)


def parse_draft(text: str, file: str) -> Ban:
    """Read a ban file that may lack what only readers need: authority, penalty, facts and sources.

    Raises:
        BanwatchError: it lacks or misspells what a comparison needs.
    """
    problems = _serious(validate(text, file))
    if problems:
        raise BanwatchError(str(problems[0]), "docs/bans.md describes the file.")
    return _ban_of(text, file)


def _ban_of(text: str, file: str) -> Ban:
    read, misshapen = problems_in(text, file)
    bad = {one.key.split("[")[0] for one in misshapen} & _DRAFT.keys()
    written = cast("Mapping[str, Any]", read)
    content = _DRAFT | {key: value for key, value in written.items() if key not in bad}
    begins = content["begins"]
    publishers = {source["id"]: source["publisher"] for source in content["sources"]}
    return Ban(
        ban_id=content["id"],
        title=content["title"].strip(),
        country=CountryCode(content["country"]),
        authority=content["authority"].strip(),
        targets=tuple(TargetName(target) for target in content.get("targets", [])),
        categories=tuple(content.get("categories", [])),
        category_targets=tuple(
            (item["category"], TargetName(item["target"])) for item in content.get("category_targets", [])
        ),
        binds=tuple(
            BoundNetwork(asn=Asn(item["asn"]), name=item["name"], access_tier=item.get("tier", ""))
            for item in content.get("binds", [])
        ),
        begins=None if begins == UNSPECIFIED else _first_day(begins),
        ends=content["ends"],
        penalty=content["penalty"].strip(),
        sources=tuple(_source(source, publishers) for source in content["sources"]),
        notes=content.get("notes", "").strip(),
        shutdown=content.get("shutdown", False),
        recurs=content.get("recurs", "").strip(),
        regions=tuple(str(region) for region in content.get("regions", [])),
        facts=tuple(
            (item["fact"], tuple(publishers[source] for source in item["sources"] if source in publishers))
            for item in content["facts"]
        ),
        meanings=tuple(_meanings(content, publishers)),
    )


def _meanings(content: Mapping[str, Any], publishers: Mapping[str, str]) -> Iterable[Meaning]:
    """Yield how each target is meant; where the file does not say, it is named by the first source."""
    begins = content["begins"]
    day = None if begins == UNSPECIFIED else _first_day(begins)
    said = {item["target"]: item for item in content.get("meanings", [])}
    first = tuple(source["id"] for source in content["sources"][:1])
    for target in content.get("targets", []):
        item = said.get(target, {"sources": first})
        yield Meaning(
            target=TargetName(target),
            meant=Meant(item.get("meant", Meant.NAMED)),
            begins=_first_day(item["begins"]) if "begins" in item else day,
            publishers=tuple(publishers[source] for source in item.get("sources", [])),
        )
    for item in content.get("category_targets", []):
        yield Meaning(target=TargetName(item["target"]), meant=Meant.CATEGORY, begins=day, publishers=())


def _source(source: Mapping[str, Any], publishers: Mapping[str, str]) -> Source:
    dated = source["published"] != UNSPECIFIED
    return Source(
        publisher=source["publisher"],
        title=source["title"],
        published=_first_day(source["published"]) if dated else None,
        precision=precision_of(source["published"]) or "",
        url=source["url"],
        cites=publishers.get(source.get("cites", ""), ""),
    )


def _first_day(text: str) -> date:
    """Return the first day that a date of any precision may mean."""
    found = PARTIAL_DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"not a date in ISO form: {text}")
    return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))


def find_ban(ban_id: str, folder: Path | None = None) -> Ban:
    """Read one ban by its id, or by the path of its file, which may be a draft.

    Raises:
        BanwatchError: there is none of this id; the message names those that there are.
    """
    if folder is None and ban_id.endswith((".yaml", ".yml")):
        return parse_draft(_read(Path(ban_id)), ban_id)
    bans = load_bans(folder)
    if ban_id not in bans:
        raise BanwatchError(
            f"There is no ban {ban_id!r}",
            f"There are: {', '.join(bans) or 'none'}. A file of your own is named with its ending .yaml",
        )
    return bans[ban_id]


def save_drafts(drafts: Iterable[Draft], folder: Path) -> int:
    """Write drafts, one file each, and say how many; files that are there already are left alone.

    Raises:
        BanwatchError: the folder cannot be written.
    """
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for draft in drafts:
            path = folder / f"{draft.ban_id}.yaml"
            if not path.exists():
                path.write_text(draft.text, "utf-8")
                count += 1
    except OSError as error:
        raise BanwatchError(
            f"{folder} cannot be written: {error}", "Give another folder with --out."
        ) from error
    return count
