"""Page about a regime, in Markdown: `lab regimes show` prints it, and docs/regimes/ keeps it."""

from dataclasses import fields

from banwatch.lab.regime.effect import Effect, Residual, Way
from banwatch.lab.regime.match import (
    BytesTrigger,
    DnsTrigger,
    HttpTrigger,
    Match,
    NameList,
    QuicTrigger,
    ShapeTrigger,
    TlsTrigger,
)
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.rule import Placement, Rule
from banwatch.lab.regime.schedule import Period, Schedule
from banwatch.lab.regime.schedule_file import DAYS
from banwatch.lab.regime.tier import Tier

_NAMES_SHOWN = 8
_TYPE_NAMES = {1: "A", 5: "CNAME", 28: "AAAA", 64: "SVCB", 65: "HTTPS", 255: "ANY"}
_PROTOCOL_NAMES = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}


def render_regime(regime: Regime) -> str:
    """Write a regime as a Markdown page."""
    lines = [f"# {regime.title} (`{regime.name}`)", ""]
    if regime.about:
        lines += [regime.about.strip(), ""]
    lines += ["## Tiers", "", "| tier | network | client | resolver | helper |", "|---|---|---|---|---|"]
    lines += [_tier_row(tier) for tier in regime.tiers.values()]
    lines += ["", "## Rules", ""]
    if regime.rules:
        lines += ["| rule | for | when | looks for | does | mechanism |", "|---|---|---|---|---|---|"]
        lines += [_rule_row(rule, regime) for rule in regime.rules]
    else:
        lines += ["None."]
    if regime.timeline:
        t = regime.timeline
        lines += [
            "",
            f"Timeline: {t.start:%Y-%m-%d %H:%M} to {t.end:%Y-%m-%d %H:%M} UTC, every {t.every_h:g} h.",
        ]
    if regime.sources:
        lines += ["", "## Sources", ""]
        for source in regime.sources:
            details = ", ".join(part for part in (source.publisher, source.published, source.url) if part)
            lines.append(f"- {source.title}" + (f" ({details})" if details else ""))
    return "\n".join(lines) + "\n"


def _tier_row(tier: Tier) -> str:
    client = ", ".join(str(a) for a in (tier.client_address, tier.client_address6) if a)
    network = f"{tier.network_name} (AS{tier.asn}, {tier.network_kind})"
    return f"| {tier.name} | {network} | {client} | {tier.resolver} | {tier.helper_path} |"


def _rule_row(rule: Rule, regime: Regime) -> str:
    everybody = len(rule.tiers) == len(regime.tiers)
    whom = "everybody" if everybody else ", ".join(sorted(rule.tiers))
    does = "; ".join(_effect(effect) for effect in rule.effects)
    if rule.placement is Placement.ON_PATH:
        does += " (on-path: the packet itself passes)"
    if rule.probability < 1:
        does += f"; with probability {rule.probability:g} per {rule.per}"
    if rule.residual:
        does += f"; {_residual(rule.residual)}"
    cells = [
        f"`{rule.rule_id}`",
        whom,
        _schedule(rule.schedule),
        _looks_for(rule),
        does,
        f"`{rule.mechanism}`",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _schedule(schedule: Schedule) -> str:
    parts = [", ".join(filter(None, map(_period, schedule.periods)))]
    if schedule.days:
        parts.append("on " + ", ".join(DAYS[day] for day in sorted(schedule.days)))
    if schedule.windows:
        parts.append("at " + ", ".join(f"{_time(first)}-{_time(last)} h" for first, last in schedule.windows))
    if schedule.days or schedule.windows:
        offset = schedule.utc_offset_minutes
        parts.append(f"UTC{'-' if offset < 0 else '+'}{_time(abs(offset))}" if offset else "UTC")
    return " ".join(filter(None, parts)) or "always"


def _period(period: Period) -> str:
    parts = []
    if period.begins:
        parts.append(f"from {period.begins:%Y-%m-%d %H:%M}")
    if period.ends:
        parts.append(f"until {period.ends:%Y-%m-%d %H:%M}")
    return " ".join(parts)


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}" if minutes % 60 else str(minutes // 60)


def _looks_for(rule: Rule) -> str:
    match = rule.match
    parts = [_trigger(match)] if match.trigger else []
    if match.to:
        parts.append("to " + _few([str(prefix) for prefix in match.to]))
    if match.outside:
        parts.append("to anywhere but " + _few([str(prefix) for prefix in match.outside]))
    if match.protocols:
        parts.append("over " + ", ".join(_PROTOCOL_NAMES.get(n, str(n)) for n in sorted(match.protocols)))
    if match.ports:
        parts.append("port " + ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in match.ports))
    if match.tcp_header_bytes:
        parts.append("TCP header of " + ", ".join(map(str, sorted(match.tcp_header_bytes))) + " bytes")
    if rule.reassembly is not None:
        parts.append("in one segment" if rule.reassembly == 1 else f"in at most {rule.reassembly} segments")
    if rule.way is not Way.OUTBOUND:
        parts.append("from inside and outside" if rule.way is Way.BOTH else "from outside")
    return ", ".join(parts) or "everything"


def _trigger(match: Match) -> str:
    trigger = match.trigger
    if isinstance(trigger, DnsTrigger):
        kinds = ", ".join(_TYPE_NAMES.get(kind, str(kind)) for kind in sorted(trigger.types))
        return f"DNS question{f' ({kinds})' if kinds else ''} for {_names(trigger.names)}"
    if isinstance(trigger, TlsTrigger):
        parts = [f"SNI {_names(trigger.sni)}"] if trigger.sni is not None else ["any ClientHello"]
        if trigger.ech is not None:
            parts.append("with ECH" if trigger.ech else "without ECH")
        if trigger.esni is not None:
            parts.append("with ESNI" if trigger.esni else "without ESNI")
        if trigger.alpn:
            parts.append("ALPN " + ", ".join(sorted(trigger.alpn)))
        return " ".join(parts)
    if isinstance(trigger, HttpTrigger):
        parts = [f"HTTP request to {_names(trigger.host)}"] if trigger.host is not None else ["HTTP request"]
        parts += [f"with path part {part}" for part in trigger.path]
        parts += [f"with keyword {part.decode('latin-1')}" for part in trigger.keyword]
        return " ".join(parts)
    if isinstance(trigger, QuicTrigger):
        versions = ", ".join(f"0x{version:x}" for version in sorted(trigger.versions))
        return (
            "QUIC"
            + (f" version {versions}" if versions else "")
            + (f" with SNI {_names(trigger.sni)}" if trigger.sni is not None else "")
        )
    if isinstance(trigger, BytesTrigger):
        parts = [f"bytes {pattern.hex(' ')}" for pattern in trigger.patterns]
        if trigger.min_entropy is not None:
            parts.append(f"first bytes with at least {trigger.min_entropy:g} bits of entropy each")
        return ", ".join(parts) or "any payload"
    if isinstance(trigger, ShapeTrigger):
        return f"first payload that is not {' or '.join(sorted(trigger.unlike))}"
    return ""


def _names(names: NameList) -> str:
    shown = [*sorted(names.suffix), *(f"={name}" for name in sorted(names.exact)), *names.wildcard]
    listed = _few(shown + [f"*{part}*" for part in names.substring])
    if names.excepted is None:
        return listed
    return f"{listed or 'any name'} except {_names(names.excepted)}"


def _few(items: list[str]) -> str:
    more = f" and {len(items) - _NAMES_SHOWN:,} more" if len(items) > _NAMES_SHOWN else ""
    return ", ".join(items[:_NAMES_SHOWN]) + more


def _effect(effect: Effect) -> str:
    """Render an effect's name and the options that differ from their defaults."""
    name = "".join(f" {c.lower()}" if c.isupper() else c for c in type(effect).__name__).strip()
    options = []
    for option in fields(effect):
        value = getattr(effect, option.name)
        if value == option.default or option.name in ("body", "headers"):
            continue
        if isinstance(value, bytes):
            value = value.hex(" ")
        shown = _few([str(item) for item in value]) if isinstance(value, tuple) else str(value)
        options.append(f"{option.name.replace('_', ' ')} {shown}")
    return name + (f" ({', '.join(options)})" if options else "")


def _residual(residual: Residual) -> str:
    what = ", ".join(_effect(effect) for effect in residual.effects)
    again = ", anew with every attempt" if residual.refresh else ""
    return f"then {what} for {residual.seconds:g} s on the {residual.key}{again}"
