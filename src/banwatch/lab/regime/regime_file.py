"""Regime files: `load_regime` reads one from YAML. docs/lab.md describes the keys."""

import re
from importlib import resources
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from banwatch.lab.regime.effect import Divert, Way
from banwatch.lab.regime.match import BytesTrigger, HttpTrigger, Match, ShapeTrigger, TlsTrigger
from banwatch.lab.regime.regime import Parsing, Regime, RegimeSource, Timeline
from banwatch.lab.regime.rule import Per, Placement, Rule
from banwatch.lab.regime.rule_file import PROTOCOLS, read_effects, read_match, read_mechanism, read_residual
from banwatch.lab.regime.schedule import Schedule
from banwatch.lab.regime.schedule_file import read_schedule
from banwatch.lab.regime.tier import HelperPath, NetworkKind, NetworkPath, Tier
from banwatch.lab.regime.yaml_file import YamlMapping, YamlValue, read_mapping
from banwatch.model.errors import BanwatchError
from banwatch.model.ids import Asn, CountryCode

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def regime_paths() -> dict[str, Path]:
    """List the regimes that ship, by name, in alphabetical order."""
    folder = Path(str(resources.files("banwatch.lab") / "regimes"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_regime(name_or_path: str | Path) -> Regime:
    """Read a regime by the name of one that ships, or by the path of a YAML file.

    Raises:
        BanwatchError: no such regime, or something in it is not as it should be: which line and key, and what
            was expected.
    """
    shipped = regime_paths()
    path = shipped.get(str(name_or_path), Path(name_or_path))
    if str(name_or_path) not in shipped and not path.exists():
        raise BanwatchError(
            f"There is no regime `{name_or_path}`",
            f"Give one of {', '.join(shipped)}, or the path of a YAML file",
        )
    return _read_regime(read_mapping(path), path.parent)


def _read_regime(top: YamlMapping, folder: Path) -> Regime:
    name = _identifier(top.need("name", "a short name"))
    title = top.text("title")
    country = top.need("country", "a country code").parsed(_country, "an ISO 3166-1 alpha-2 code, such as KP")
    about = top.text("about", "")
    sources = tuple(_read_source(item.mapping()) for item in top.items("sources"))
    tiers = {}
    tier_map = top.need("tiers", "at least one access tier").mapping()
    for key in tier_map.names():
        tiers[key] = _read_tier(key, tier_map.need(key, "a tier").mapping())
    if not tiers:
        raise tier_map.location.error("is empty", "at least one access tier")
    lists = top.take("lists")
    list_map = lists.mapping() if lists else None
    rules: list[Rule] = []
    for item in top.items("rules"):
        rule = _read_rule(item.mapping(), tiers, list_map, folder)
        if any(other.rule_id == rule.rule_id for other in rules):
            raise item.location.error(f"rule id `{rule.rule_id}` found twice", "each id once")
        rules.append(rule)
    timeline = top.take("timeline")
    parsing = top.take("parsing")
    top.finish()
    return Regime(
        name=name,
        title=title,
        country=country,
        about=about,
        sources=sources,
        tiers=tiers,
        rules=tuple(rules),
        timeline=_read_timeline(timeline.mapping()) if timeline else None,
        parsing=_read_parsing(parsing.mapping()) if parsing else Parsing(),
    )


def _identifier(value: YamlValue) -> str:
    def parse(text: str) -> str:
        if not _NAME.fullmatch(text):
            raise ValueError(text)
        return text

    return value.parsed(parse, "lower-case letters, digits and hyphens")


def _country(text: str) -> CountryCode:
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise ValueError(text)
    return CountryCode(text)


def _read_source(source: YamlMapping) -> RegimeSource:
    found = RegimeSource(
        title=source.text("title"),
        publisher=source.text("publisher", ""),
        url=source.text("url", ""),
        published=source.text("published", ""),
    )
    source.finish()
    return found


def _read_tier(name: str, tier: YamlMapping) -> Tier:
    addresses = tier.need("client_address", "an IPv4 address, and an IPv6 one if the tier has it").items()
    v4: IPv4Address | None = None
    v6: IPv6Address | None = None
    for value in addresses:
        address = value.parsed(ip_address, "an IP address")
        if isinstance(address, IPv4Address):
            v4 = address
        else:
            v6 = address
    if v4 is None:
        raise tier.location.error(
            "client_address has no IPv4 address", "one IPv4 address, and at most one IPv6 one"
        )
    path = tier.take("path")
    found = Tier(
        name=name,
        asn=Asn(tier.need("asn", "an AS number").integer(1, 2**32 - 1)),
        network_name=tier.text("network_name"),
        network_kind=tier.need("kind", "fixed, mobile or intranet").one_of(NetworkKind),
        client_address=v4,
        client_address6=v6,
        resolver=tier.need("resolver", "an IPv4 address").parsed(IPv4Address, "an IPv4 address"),
        helper_path=tier.one_of("helper_path", HelperPath.IN_BAND),
        path=_read_path(path.mapping()) if path else NetworkPath(),
    )
    tier.finish()
    return found


def _read_path(path: YamlMapping) -> NetworkPath:
    hops = tuple(item.parsed(IPv4Address, "an IPv4 address") for item in path.items("hops"))
    rate = path.take("rate_kbit_s")
    found = NetworkPath(
        hops=hops,
        hops6=tuple(item.parsed(IPv6Address, "an IPv6 address") for item in path.items("hops6")),
        censor_hop=path.integer("censor_hop", 1, 1, max(1, len(hops))),
        delay_ms=path.number("delay_ms", 0.0, 0.0, 10_000.0),
        jitter_ms=path.number("jitter_ms", 0.0, 0.0, 10_000.0),
        loss=path.number("loss", 0.0, 0.0, 1.0),
        reorder=path.number("reorder", 0.0, 0.0, 1.0),
        rate_kbit_s=rate.number(1.0, 1e8) if rate else None,
        shaping=path.boolean("shaping", True),
    )
    path.finish()
    return found


def _read_timeline(timeline: YamlMapping) -> Timeline:
    found = Timeline(
        start=timeline.need("start", "a time").moment(),
        end=timeline.need("end", "a time").moment(),
        every_h=timeline.number("every_h", 6.0, 1 / 60, 24.0 * 365),
    )
    timeline.finish()
    if found.end <= found.start:
        raise timeline.location.error("ends before it starts", "an end after the start")
    return found


def _read_parsing(parsing: YamlMapping) -> Parsing:
    found = Parsing(
        fragments=parsing.boolean("fragments", True), checksums=parsing.boolean("checksums", True)
    )
    parsing.finish()
    return found


def _read_rule(rule: YamlMapping, tiers: dict[str, Tier], lists: YamlMapping | None, folder: Path) -> Rule:
    rule_id = _identifier(rule.need("id", "a short name"))
    names = rule.items("tiers")
    for item in names:
        if item.text() not in tiers:
            raise item.wrong(f"a tier of this regime: {', '.join(tiers)}")
    mechanism = rule.need("mechanism", "a mechanism of the taxonomy, such as tls.reset.sni")
    reassembly = rule.take("reassembly")
    residual = rule.take("residual")
    schedule = rule.take("schedule")
    match = read_match(rule.need("match", "what the rule looks for").mapping(), lists, folder)
    action = rule.need("action", "what the rule does")
    effects = read_effects(action)
    if any(isinstance(effect, Divert) for effect in effects) and _begins_late(match):
        raise action.wrong(
            "another action: `divert` carries a whole connection, and what this rule looks for comes in its "
            "middle; match the address (`to`), or forge the name's address (`forge_dns`)"
        )
    found = Rule(
        rule_id=rule_id,
        tiers=frozenset(item.text() for item in names) or frozenset(tiers),
        match=match,
        effects=effects,
        mechanism=read_mechanism(mechanism),
        placement=rule.one_of("placement", Placement.IN_PATH),
        way=rule.one_of("way", Way.OUTBOUND),
        schedule=read_schedule(schedule.mapping()) if schedule else Schedule(),
        probability=rule.number("probability", 1.0, 0.0, 1.0),
        per=rule.one_of("per", Per.FLOW),
        residual=read_residual(residual.mapping()) if residual else None,
        reassembly=_read_reassembly(reassembly) if reassembly else None,
    )
    rule.finish()
    return found


def _begins_late(match: Match) -> bool:
    """Whether a rule may match in the middle of a TCP connection, which the far end of another knows not."""
    if isinstance(match.trigger, (TlsTrigger, HttpTrigger)):
        return True
    is_udp = match.protocols == {PROTOCOLS["udp"]}
    return isinstance(match.trigger, (BytesTrigger, ShapeTrigger)) and not is_udp


def _read_reassembly(value: YamlValue) -> int | None:
    words = {"none": 1, "full": None}
    return words[value.text()] if value.text() in words else value.integer(1, 64)
