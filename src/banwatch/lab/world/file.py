"""World files: a world from YAML, and errors that name line, key and the expected value."""

import re
from contextlib import suppress
from datetime import datetime
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path

import msgspec
import yaml

from banwatch.lab.world.authority import CA_FILE, ca_pem
from banwatch.lab.world.world import (
    HTTP_PORT,
    HTTPS_PORT,
    Address,
    Certificate,
    Handshake,
    Helper,
    Input,
    Move,
    Outage,
    Page,
    Prefix,
    Resolver,
    Service,
    Site,
    World,
)
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import CountryCode

WORLDS = Path(__file__).parent / "worlds"
MAX_FILE_BYTES = 16 << 20
"""Size of a world of a hundred thousand sites; more is a mistake."""

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOSTNAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_STEP = re.compile(r"\.([A-Za-z_]+)|\[(\d+)\]|\[\.\.\.\]")

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _MoveEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    at: str
    addresses: tuple[str, ...]


class _OutageEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    begins: str
    ends: str


class _SiteEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    hostname: str
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    geo: dict[str, tuple[str, ...]] = {}
    rotate: int = 0
    silent: tuple[str, ...] = ()
    ports: tuple[int, ...] = (HTTP_PORT, HTTPS_PORT)
    plain: tuple[int, ...] = (HTTP_PORT,)
    services: tuple[Service, ...] = ()
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    certificate: Certificate = Certificate.VALID
    handshake: Handshake = Handshake.ANSWERED
    page: Page = Page.STATIC
    to_https: bool = False
    canonical: bool = True
    redirect: str = ""
    refuses: tuple[str, ...] = ()
    title: str = ""
    language: str = "en"
    server: str = "nginx"
    size_bytes: int = 6000
    owner: str = ""
    any_name: bool = False
    moves: tuple[_MoveEntry, ...] = ()
    outages: tuple[_OutageEntry, ...] = ()


class _FarmEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Farm of alike sites: `site-0001-<suffix>` and so on, spread over a prefix."""

    suffix: str
    count: int
    prefix: str
    to_https: bool = False
    owner: str = ""


class _ResolverEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    hostname: str
    addresses: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    isp: bool = False
    dot: bool = True
    doh: bool = True


class _HelperEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    hostname: str
    address: str
    step_timeout_s: float = 2.0


class _InputEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    url: str
    category: str


class _WorldFile(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    title: str = ""
    countries: dict[str, tuple[str, ...]] = {}
    vacant: tuple[str, ...] = ()
    helper: _HelperEntry
    resolvers: tuple[_ResolverEntry, ...]
    inputs: tuple[_InputEntry, ...] = ()
    sites: tuple[_SiteEntry, ...]
    farms: tuple[_FarmEntry, ...] = ()
    answers: dict[str, tuple[str, ...]] = {}


class _Mistake(Exception):
    """Mistake in a world file, at a path such as `.sites[3].addresses[0]`."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(what)
        self.path = path
        self.what = what


def load_world(name_or_path: str | Path = "default") -> World:
    """Read a world that ships with Banwatch, by name, or any world file, by path.

    Raises:
        BanwatchError: there is no such world, or the file holds none: line, key, and what was expected.
    """
    path = _find(name_or_path)
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, mtime_ns: int) -> World:
    del mtime_ns  # part of the cache's key only: an edited file is read again
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BanwatchError(
                f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB", "Use `farms` for alike sites"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BanwatchError(f"the world {path} cannot be read: {error}") from error
    return parse_world(text, source=str(path))


def parse_world(text: str, *, source: str = "world") -> World:
    """Read a world from YAML text.

    Raises:
        BanwatchError: it is not one.
    """
    do = "docs/world.md shows what a world file holds"
    try:
        document = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}" if mark else "?"
        raise BanwatchError(f"{source}:{line}: not YAML: {getattr(error, 'problem', error)}", do) from error
    try:
        return _build(msgspec.convert(document, _WorldFile))
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        path = at.rstrip("`")
    except _Mistake as mistake:
        what, path = mistake.what, mistake.path
    raise BanwatchError(f"{source}:{_line_of(text, path)}: {path.lstrip('.') or 'the file'}: {what}", do)


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.is_file():
        return path.resolve()
    shipped = WORLDS / f"{name_or_path}.yaml"
    if path.name == str(name_or_path) and shipped.is_file():
        return shipped
    names = ", ".join(sorted(p.stem for p in WORLDS.glob("*.yaml")))
    raise BanwatchError(f"there is no world {str(name_or_path)!r}", f"Name a file, or one of: {names}")


def _line_of(text: str, path: str) -> int:
    """Find the line of the node at a path such as `.sites[3].ports[0]`, or of its deepest existing parent."""
    node = yaml.compose(text, _Loader)
    line = 1
    for key, index in _STEP.findall(path):
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == key]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
            node = node.value[int(index)]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _build(file: _WorldFile) -> World:
    sites = [_site(entry, f".sites[{i}]") for i, entry in enumerate(file.sites)]
    for i, farm in enumerate(file.farms):
        sites.extend(_farm(farm, f".farms[{i}]"))
    resolvers = tuple(_resolver(entry, f".resolvers[{i}]") for i, entry in enumerate(file.resolvers))
    if not any(resolver.isp for resolver in resolvers):
        raise _Mistake(".resolvers", "expected a provider's resolver, with `isp: true`")
    helper = Helper(
        hostname=_hostname(file.helper.hostname, ".helper.hostname"),
        address=_address(file.helper.address, ".helper.address"),
        step_timeout_s=file.helper.step_timeout_s,
    )
    answers = tuple(
        (_hostname(name, f".answers.{name}"), _addresses(texts, f".answers.{name}"))
        for name, texts in file.answers.items()
    )
    _check_names(sites, resolvers, helper, [name for name, _ in answers])
    _check_addresses(sites, resolvers, helper)
    countries = [
        (_prefix(text, f".countries.{code}[{i}]"), CountryCode(code))
        for code, prefixes in file.countries.items()
        for i, text in enumerate(prefixes)
    ]
    return World(
        name=file.name,
        title=file.title,
        sites=tuple(sites),
        resolvers=resolvers,
        helper=helper,
        inputs=tuple(Input(url=entry.url, category=entry.category) for entry in file.inputs),
        vacant=tuple(_prefix(text, f".vacant[{i}]") for i, text in enumerate(file.vacant)),
        countries=tuple(countries),
        ca_file=CA_FILE,
        ca_pem=ca_pem(),
        answers=answers,
    )


def _site(entry: _SiteEntry, at: str) -> Site:
    addresses = _addresses(entry.addresses, f"{at}.addresses")
    geo = tuple((CountryCode(code), _addresses(some, f"{at}.geo.{code}")) for code, some in entry.geo.items())
    silent = _addresses(entry.silent, f"{at}.silent")
    all_addresses = {*addresses, *(a for _, some in geo for a in some)}
    for i, address in enumerate(silent):
        if address not in all_addresses:
            raise _Mistake(f"{at}.silent[{i}]", f"{address} is none of this site's addresses")
    for i, port in enumerate(entry.ports):
        if not 0 < port < 65536:
            raise _Mistake(f"{at}.ports[{i}]", f"expected a port from 1 to 65535, not {port}")
    for i, protocol in enumerate(entry.alpn):
        if protocol not in ("h3", "h2", "http/1.1"):
            raise _Mistake(f"{at}.alpn[{i}]", f"expected h3, h2 or http/1.1, not {protocol!r}")
    if not 0 <= entry.rotate <= len(addresses):
        raise _Mistake(f"{at}.rotate", f"expected 0 to {len(addresses)}, the number of addresses")
    return Site(
        hostname=_hostname(entry.hostname, f"{at}.hostname"),
        aliases=tuple(_hostname(name, f"{at}.aliases[{i}]") for i, name in enumerate(entry.aliases)),
        addresses=addresses,
        geo=geo,
        rotate=entry.rotate,
        silent=silent,
        ports=entry.ports,
        plain=entry.plain,
        services=entry.services,
        alpn=entry.alpn,
        certificate=entry.certificate,
        handshake=entry.handshake,
        page=entry.page,
        to_https=entry.to_https,
        canonical=entry.canonical,
        redirect=entry.redirect,
        refuses=tuple(map(CountryCode, entry.refuses)),
        title=entry.title or entry.hostname,
        language=entry.language,
        server=entry.server,
        size_bytes=entry.size_bytes,
        owner=entry.owner,
        any_name=entry.any_name,
        moves=_moves(entry.moves, f"{at}.moves"),
        outages=_outages(entry.outages, f"{at}.outages"),
    )


def _moves(entries: tuple[_MoveEntry, ...], at: str) -> tuple[Move, ...]:
    moves = [
        Move(
            at=_moment(entry.at, f"{at}[{i}].at"),
            addresses=_addresses(entry.addresses, f"{at}[{i}].addresses"),
        )
        for i, entry in enumerate(entries)
    ]
    if any(later.at <= earlier.at for earlier, later in pairwise(moves)):
        raise _Mistake(at, "expected moves in the order of their times")
    return tuple(moves)


def _outages(entries: tuple[_OutageEntry, ...], at: str) -> tuple[Outage, ...]:
    found = []
    for i, entry in enumerate(entries):
        begins, ends = _moment(entry.begins, f"{at}[{i}].begins"), _moment(entry.ends, f"{at}[{i}].ends")
        if ends <= begins:
            raise _Mistake(f"{at}[{i}].ends", "expected an end after the beginning")
        found.append(Outage(begins=begins, ends=ends))
    return tuple(found)


def _moment(text: str, at: str) -> datetime:
    with suppress(ValueError):
        if (value := datetime.fromisoformat(text)).tzinfo is not None:
            return value
    raise _Mistake(at, "expected a time with its zone, such as 2016-04-01T00:00Z")


def _farm(farm: _FarmEntry, at: str) -> list[Site]:
    suffix = _hostname(farm.suffix, f"{at}.suffix")
    prefix = _prefix(farm.prefix, f"{at}.prefix")
    width = len(str(farm.count))
    return [
        Site(
            hostname=f"site-{number:0{width}}-{suffix}",
            addresses=(prefix[number % prefix.num_addresses],),
            to_https=farm.to_https,
            title=f"Site {number}",
            owner=farm.owner,
        )
        for number in range(1, farm.count + 1)
    ]


def _resolver(entry: _ResolverEntry, at: str) -> Resolver:
    return Resolver(
        hostname=_hostname(entry.hostname, f"{at}.hostname"),
        addresses=_addresses(entry.addresses, f"{at}.addresses"),
        aliases=tuple(_hostname(name, f"{at}.aliases[{i}]") for i, name in enumerate(entry.aliases)),
        isp=entry.isp,
        dot=entry.dot,
        doh=entry.doh,
    )


def _hostname(text: str, at: str) -> str:
    if not _HOSTNAME.fullmatch(text):
        raise _Mistake(at, f"expected a hostname in lower case, not {text!r}")
    return text


def _address(text: str, at: str) -> Address:
    try:
        return ip_address(text)
    except ValueError as error:
        raise _Mistake(at, f"expected an address: {error}") from error


def _prefix(text: str, at: str) -> Prefix:
    try:
        return ip_network(text)
    except ValueError as error:
        raise _Mistake(at, f"expected a prefix: {error}") from error


def _addresses(texts: tuple[str, ...], at: str) -> tuple[Address, ...]:
    return tuple(_address(text, f"{at}[{i}]") for i, text in enumerate(texts))


def _check_names(
    sites: list[Site], resolvers: tuple[Resolver, ...], helper: Helper, others: list[str]
) -> None:
    seen = {helper.hostname, *others, *(name for resolver in resolvers for name in resolver.names)}
    for i, site in enumerate(sites):
        for name in site.names:
            if name in seen:
                raise _Mistake(f".sites[{i}]", f"{name} exists twice")
            seen.add(name)


def _check_addresses(sites: list[Site], resolvers: tuple[Resolver, ...], helper: Helper) -> None:
    taken = {helper.address: helper.hostname}
    for resolver in resolvers:
        for address in resolver.addresses:
            if address in taken:
                raise _Mistake(".resolvers", f"{address} belongs to {taken[address]} already")
            taken[address] = resolver.hostname
    for i, site in enumerate(sites):
        for address in site.all_addresses:
            if address in taken:
                raise _Mistake(
                    f".sites[{i}].addresses", f"{address} belongs to {taken[address]}, which is no site"
                )
