"""Register of bans: one checked file each, as frozen values."""

from collections.abc import Iterable, Mapping
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


def load_bans(folder: Path | None = None) -> dict[str, Ban]:
    """Read every ban, by id in alphabetical order.

    Args:
        folder: directory of the files; the register that ships with Banwatch, if omitted.

    Raises:
        BanwatchError: a file is not a ban; the message names file, line and key.
    """
    bans: dict[str, Ban] = {}
    for name, text in sorted(_files(folder)):
        ban = parse_ban(text, name)
        if ban.ban_id in bans:
            raise BanwatchError(f"{name}: the id {ban.ban_id} is taken", "Give each ban an id of its own.")
        bans[ban.ban_id] = ban
    return dict(sorted(bans.items()))


def _files(folder: Path | None) -> Iterable[tuple[str, str]]:
    try:
        if folder is None:
            shipped = resources.files("banwatch.bans") / "data"
            return [(f.name, f.read_text("utf-8")) for f in shipped.iterdir() if f.name.endswith(".yaml")]
        return [(str(path), path.read_text("utf-8")) for path in folder.glob("*.yaml")]
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
    content = cast("Mapping[str, Any]", problems_in(text, file)[0])
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
            (item["fact"], tuple(publishers[source] for source in item["sources"]))
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
    """Read one ban by its id.

    Raises:
        BanwatchError: there is none of this id; the message names those that there are.
    """
    bans = load_bans(folder)
    if ban_id not in bans:
        raise BanwatchError(f"There is no ban {ban_id!r}", f"There are: {', '.join(bans) or 'none'}.")
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
