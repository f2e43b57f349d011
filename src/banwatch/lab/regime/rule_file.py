"""Parts of a rule from YAML: match, effects, residual."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from banwatch.lab.regime.effect import (
    Divert,
    Drop,
    Effect,
    Finish,
    ForgeDns,
    Freeze,
    HttpPage,
    IcmpUnreachable,
    Reset,
    Residual,
    ResidualKey,
    Side,
    Throttle,
    TlsAlert,
    Way,
)
from banwatch.lab.regime.match import (
    BytesTrigger,
    DnsTrigger,
    HttpTrigger,
    Match,
    NameList,
    QuicTrigger,
    ShapeTrigger,
    TlsTrigger,
    Trigger,
)
from banwatch.lab.regime.yaml_file import YamlMapping, YamlValue
from banwatch.model.mechanism import NODES

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
QUERY_TYPES = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SVCB": 64,
    "HTTPS": 65,
    "ANY": 255,
}
RCODES = {"noerror": 0, "servfail": 2, "nxdomain": 3, "refused": 5}
SHAPES = ("dns", "http", "tls")


def read_match(match: YamlMapping, lists: YamlMapping | None, folder: Path) -> Match:
    """Read the conditions on a packet's destination and content."""

    def names(value: YamlValue | None) -> NameList | None:
        return read_names(value, lists, folder) if value else None

    triggers: list[Trigger] = []
    if value := match.take("dns"):
        dns = value.mapping()
        listed = read_names(dns.need("names", "names"), lists, folder)
        types = frozenset(item.parsed(_query_type, "a type such as A or AAAA") for item in dns.items("types"))
        exact_case = dns.boolean("exact_case", False)
        dns.finish()
        triggers.append(DnsTrigger(names=listed, types=types, exact_case=exact_case))
    if value := match.take("tls"):
        tls = value.mapping()
        ech, esni = tls.take("ech"), tls.take("esni")
        triggers.append(
            TlsTrigger(
                sni=names(tls.take("sni")),
                ech=ech.boolean() if ech else None,
                esni=esni.boolean() if esni else None,
                alpn=frozenset(item.text() for item in tls.items("alpn")),
            )
        )
        tls.finish()
    if value := match.take("http"):
        http = value.mapping()
        triggers.append(
            HttpTrigger(
                host=names(http.take("host")),
                path=tuple(item.text() for item in http.items("path")),
                keyword=tuple(item.text().encode() for item in http.items("keyword")),
            )
        )
        http.finish()
    if value := match.take("quic"):
        quic = value.mapping()
        versions = frozenset(item.integer(0, 2**32 - 1) for item in quic.items("versions"))
        triggers.append(QuicTrigger(sni=names(quic.take("sni")), versions=versions))
        quic.finish()
    if value := match.take("bytes"):
        data = value.mapping()
        entropy = data.take("min_entropy")
        hexadecimal = "bytes in hexadecimal, such as 16 03 01"
        triggers.append(
            BytesTrigger(
                patterns=tuple(item.parsed(bytes.fromhex, hexadecimal) for item in data.items("patterns")),
                min_entropy=entropy.number(0.0, 8.0) if entropy else None,
                first_packets=data.integer("first_packets", 1, 1, 64),
            )
        )
        data.finish()
    if value := match.take("unlike"):
        shapes = value.items()
        for item in shapes:
            if item.text() not in SHAPES:
                raise item.wrong(f"one of {', '.join(SHAPES)}")
        triggers.append(ShapeTrigger(unlike=frozenset(item.text() for item in shapes)))
    if len(triggers) > 1:
        raise match.location.error(
            "has several of dns, tls, http, quic, bytes, unlike", "one of them: write a rule each"
        )
    found = Match(
        to=tuple(item.parsed(ip_network, "an address or prefix") for item in match.items("to")),
        outside=tuple(item.parsed(ip_network, "an address or prefix") for item in match.items("outside")),
        protocols=frozenset(
            item.parsed(_protocol, "tcp, udp, icmp or a number") for item in match.items("protocol")
        ),
        ports=tuple(
            item.parsed(_ports, "a port or a range such as 8000-9000") for item in match.items("port")
        ),
        tcp_header_bytes=frozenset(
            item.parsed(_header_bytes, "a multiple of 4 from 20 to 60")
            for item in match.items("tcp_header_bytes")
        ),
        trigger=triggers[0] if triggers else None,
    )
    match.finish()
    return found


def _query_type(text: str) -> int:
    return QUERY_TYPES[text] if text in QUERY_TYPES else int(text)


def _header_bytes(text: str) -> int:
    size = int(text)
    if size % 4 or not 20 <= size <= 60:
        raise ValueError(text)
    return size


def _protocol(text: str) -> int:
    number = PROTOCOLS[text] if text in PROTOCOLS else int(text)
    if not 0 <= number <= 255:
        raise ValueError(text)
    return number


def _ports(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    low, high = int(first), int(last or first)
    if not 0 <= low <= high <= 65_535:
        raise ValueError(text)
    return low, high


def read_names(value: YamlValue, lists: YamlMapping | None, folder: Path, depth: int = 0) -> NameList:
    """Read names: a list of suffixes, `@name` for one of the regime's lists, or a mapping by match type.

    The mapping's keys are `exact`, `suffix`, `wildcard`, `substring`, `file` (suffixes, one a line), and
    `except` (names of the same kinds that are left out; alone, every other name is meant).
    """
    kinds: dict[str, set[str]] = {"exact": set(), "suffix": set(), "wildcard": set(), "substring": set()}

    def include(other: NameList) -> None:
        for kind, names in kinds.items():
            names.update(getattr(other, kind))

    excepted: NameList | None = None
    if value.is_mapping:
        mapping = value.mapping()
        exception = mapping.take("except")
        if exception is not None:
            excepted = read_names(exception, lists, folder, depth + 1)
        for kind, names in kinds.items():
            names.update(_name(item) for item in mapping.items(kind))
        for item in mapping.items("file"):
            kinds["suffix"].update(_read_name_file(item, folder))
        mapping.finish()
    else:
        for item in value.items():
            if item.text().startswith("@"):
                listed = lists.peek(item.text()[1:]) if lists and depth < 8 else None
                if listed is None:
                    raise item.wrong("the name of a list under `lists`")
                include(read_names(listed, lists, folder, depth + 1))
            else:
                kinds["suffix"].add(_name(item))
    found = NameList(
        exact=frozenset(kinds["exact"]),
        suffix=frozenset(kinds["suffix"]),
        wildcard=tuple(sorted(kinds["wildcard"])),
        substring=tuple(sorted(kinds["substring"])),
        excepted=excepted,
    )
    if not len(found) and excepted is None:
        raise value.wrong("at least one name")
    return found


def _name(value: YamlValue) -> str:
    def parse(text: str) -> str:
        name = text.strip().rstrip(".").lower()
        if not name or any(c.isspace() for c in name):
            raise ValueError(text)
        return name if name.isascii() else name.encode("idna").decode("ascii")

    return value.parsed(parse, "a name such as youtube.com")


def _read_name_file(value: YamlValue, folder: Path) -> set[str]:
    path = folder / value.text()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise value.wrong(f"a readable file of names beside the regime ({error})") from error
    return {line.strip().rstrip(".").lower() for line in lines if line.strip() and not line.startswith("#")}


# -- effects -----------------------------------------------------------------------------------------------


def _drop(options: YamlMapping) -> Effect:
    return Drop(
        way=options.one_of("way", Way.BOTH), after_packets=options.integer("after_packets", 0, 0, 1_000)
    )


def _ttl(options: YamlMapping) -> int | None:
    value = options.take("ttl")
    return None if value is None or value.text() == "mirror" else value.integer(1, 255)


def _reset(options: YamlMapping) -> Effect:
    offsets = tuple(item.integer(-(2**31), 2**31) for item in options.items("offsets"))
    return Reset(
        to=options.one_of("to", Side.BOTH),
        count=options.integer("count", max(1, len(offsets)), 1, 64),
        ack=options.boolean("ack", True),
        offsets=offsets or (0,),
        ttl=_ttl(options),
        after_handshake=options.boolean("after_handshake", False),
        payload=_payload(options),
    )


def _payload(options: YamlMapping) -> bytes:
    value = options.take("payload")
    return value.parsed(bytes.fromhex, "bytes in hexadecimal, such as 01 02 03") if value else b""


def _finish(options: YamlMapping) -> Effect:
    return Finish(to=options.one_of("to", Side.BOTH), ttl=_ttl(options))


def _forge_dns(options: YamlMapping) -> Effect:
    rcode, cname = options.take("rcode"), options.take("cname")
    names = ", ".join(RCODES)
    if rcode is not None and rcode.text() not in RCODES:
        raise rcode.wrong(f"one of {names}")
    return ForgeDns(
        a=tuple(item.parsed(IPv4Network, "an IPv4 address or prefix") for item in options.items("a")),
        aaaa=tuple(item.parsed(IPv6Network, "an IPv6 address or prefix") for item in options.items("aaaa")),
        rcode=RCODES[rcode.text()] if rcode else 0,
        answers=options.integer("answers", 1, 1, 16),
        cname=_name(cname) if cname else "",
        record_ttl_s=options.integer("record_ttl_s", 300, 0, 2**31 - 1),
        ttl=_ttl(options),
    )


def _http_page(options: YamlMapping) -> Effect:
    headers = options.take("headers")
    pairs: list[tuple[str, str]] = []
    if headers:
        named = headers.mapping()
        pairs = [(key, named.text(key)) for key in named.names()]
    return HttpPage(
        status=options.integer("status", 200, 100, 999),
        headers=tuple(pairs),
        body=options.text("body", ""),
        ttl=_ttl(options),
    )


def _icmp(options: YamlMapping) -> Effect:
    return IcmpUnreachable(code=options.integer("code", 13, 0, 15))


def _tls_alert(options: YamlMapping) -> Effect:
    return TlsAlert(description=options.integer("description", 40, 0, 255))


def _throttle(options: YamlMapping) -> Effect:
    return Throttle(
        kbit_s=options.number("kbit_s", 130.0, 0.1, 1e7),
        shaping=options.boolean("shaping", False),
        burst_bytes=options.integer("burst_bytes", 8_000, 1_500, 10**9),
        way=options.one_of("way", Way.BOTH),
    )


def _freeze(options: YamlMapping) -> Effect:
    return Freeze(after_bytes=options.integer("after_bytes", 16_000, 0, 10**9))


def _divert(options: YamlMapping) -> Effect:
    addresses = options.need("to", "an address of each family").items()
    port = options.take("port")
    return Divert(
        address=tuple(item.parsed(ip_address, "an IP address") for item in addresses),
        port=port.integer(1, 65_535) if port else None,
    )


EFFECTS: dict[str, Callable[[YamlMapping], Effect]] = {
    "drop": _drop,
    "reset": _reset,
    "fin": _finish,
    "forge_dns": _forge_dns,
    "http_page": _http_page,
    "icmp": _icmp,
    "tls_alert": _tls_alert,
    "throttle": _throttle,
    "freeze": _freeze,
    "divert": _divert,
}


def read_effects(value: YamlValue) -> tuple[Effect, ...]:
    """Read a rule's effects: a word such as `drop`, a mapping of words to their options, or a list."""
    found: list[Effect] = []
    names = ", ".join(EFFECTS)
    for item in value.items():
        if item.is_text:
            if item.text() not in EFFECTS:
                raise item.wrong(f"one of {names}")
            found.append(EFFECTS[item.text()](item.empty_mapping()))
            continue
        named = item.mapping()
        for word in named.names():
            if word not in EFFECTS:
                raise item.location.error(f"unknown action `{word}`", f"one of {names}")
            options = named.take(word)
            mapping = options.mapping() if options else item.empty_mapping()
            found.append(EFFECTS[word](mapping))
            mapping.finish()
    if not found:
        raise value.wrong(f"at least one of {names}")
    return tuple(found)


def read_mechanism(value: YamlValue) -> str:
    """Read a node of the taxonomy."""
    if value.text() not in NODES:
        raise value.wrong("a mechanism of the taxonomy, such as tls.reset.sni")
    return value.text()


def read_residual(residual: YamlMapping) -> Residual:
    """Read a rule's residual: its effects on later flows."""
    action = residual.take("action")
    mechanism = residual.take("mechanism")
    found = Residual(
        key=residual.one_of("key", ResidualKey.THREE),
        seconds=residual.need("seconds", "a number of seconds").number(0.001, 86_400.0),
        refresh=residual.boolean("refresh", False),
        effects=read_effects(action) if action else (Drop(),),
        mechanism=read_mechanism(mechanism) if mechanism else None,
    )
    residual.finish()
    return found
