"""Rule set: a regime's rules for one tier, compiled; those in force now, and those about a destination."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from banwatch.lab.censor.message import ClientHello, DnsQuestion, HttpRequest
from banwatch.lab.censor.names import NameMatcher, PrefixSet
from banwatch.lab.censor.packet import TCP, UDP, Packet
from banwatch.lab.regime.match import (
    BytesTrigger,
    DnsTrigger,
    HttpTrigger,
    NameList,
    QuicTrigger,
    ShapeTrigger,
    TlsTrigger,
)
from banwatch.lab.regime.regime import Regime
from banwatch.lab.regime.rule import Per, Rule
from banwatch.lab.regime.tier import Tier

_CACHE_LIMIT = 50_000
_DNS_PORT = (53, 53)
Message = DnsQuestion | ClientHello | HttpRequest


class CompiledRule:
    """Compiled rule: a rule with matchers for its lists."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        match, trigger = rule.match, rule.match.trigger
        self._to, self._outside = PrefixSet(match.to), PrefixSet(match.outside)
        self._ports = match.ports
        self._protocols = match.protocols
        if isinstance(trigger, DnsTrigger) and not match.ports:
            self._ports = (_DNS_PORT,)  # a censor takes other ports for other protocols
        if isinstance(trigger, (TlsTrigger, HttpTrigger)):
            self._protocols = frozenset({TCP})
        elif isinstance(trigger, QuicTrigger):
            self._protocols = frozenset({UDP})
        names: NameList | None = None
        if isinstance(trigger, DnsTrigger):
            names = trigger.names
        elif isinstance(trigger, (TlsTrigger, QuicTrigger)):
            names = trigger.sni
        elif isinstance(trigger, HttpTrigger):
            names = trigger.host
        self._names = NameMatcher(names) if names is not None else None

    @property
    def first_packets(self) -> int:
        """Return how many of a flow's first packets with payload the rule reads, of any protocol."""
        trigger = self.rule.match.trigger
        if isinstance(trigger, BytesTrigger):
            return trigger.first_packets
        return int(isinstance(trigger, ShapeTrigger))

    def can_concern(self, protocol: int, far: bytes, far_port: int) -> bool:
        """Return whether the rule may apply to a flow, by its destination."""
        return (
            (not self._protocols or protocol in self._protocols)
            and (not self._ports or any(low <= far_port <= high for low, high in self._ports))
            and (not self._to or self._to.contains(far))
            and (not self._outside or not self._outside.contains(far))
        )

    def sees(self, packet: Packet) -> bool:
        """Return whether the rule looks at a packet at all, by its headers."""
        sizes = self.rule.match.tcp_header_bytes
        return not sizes or (packet.protocol == TCP and packet.payload_start - packet.network_end in sizes)

    def matches_dns(self, question: DnsQuestion) -> bool:
        """Return whether the rule matches a DNS question."""
        trigger = self.rule.match.trigger
        return (
            isinstance(trigger, DnsTrigger)
            and (not trigger.types or question.query_type in trigger.types)
            and (not trigger.exact_case or question.section[:-4] == question.section[:-4].lower())
            and self._names is not None
            and self._names.matches(question.name)
        )

    def matches_tls(self, hello: ClientHello) -> bool:
        """Return whether the rule matches a ClientHello."""
        trigger = self.rule.match.trigger
        return (
            isinstance(trigger, TlsTrigger)
            and (trigger.ech is None or trigger.ech == hello.has_ech)
            and (trigger.esni is None or trigger.esni == hello.has_esni)
            and (not trigger.alpn or not trigger.alpn.isdisjoint(hello.alpn))
            and (
                self._names is None
                or (hello.server_name is not None and self._names.matches(hello.server_name))
            )
        )

    def matches_http(self, request: HttpRequest) -> bool:
        """Return whether the rule matches an HTTP request."""
        trigger = self.rule.match.trigger
        return (
            isinstance(trigger, HttpTrigger)
            and (self._names is None or self._names.matches(request.host))
            and (not trigger.path or any(part in request.path for part in trigger.path))
            and (not trigger.keyword or any(part in request.head for part in trigger.keyword))
        )

    def matches_quic(self, version: int, server_name: str | None) -> bool:
        """Return whether the rule matches a QUIC Initial."""
        trigger = self.rule.match.trigger
        return (
            isinstance(trigger, QuicTrigger)
            and (not trigger.versions or version in trigger.versions)
            and (self._names is None or (server_name is not None and self._names.matches(server_name)))
        )

    def matches_bytes(self, payload: bytes, packets: int) -> bool:
        """Return whether the rule matches one of a flow's first payloads."""
        trigger = self.rule.match.trigger
        if not isinstance(trigger, BytesTrigger) or packets > trigger.first_packets:
            return False
        if trigger.min_entropy is not None and entropy(payload) < trigger.min_entropy:
            return False
        return not trigger.patterns or any(pattern in payload for pattern in trigger.patterns)

    def matches_shape(self, shape: str) -> bool:
        """Return whether the rule blocks a first payload of a shape."""
        trigger = self.rule.match.trigger
        return isinstance(trigger, ShapeTrigger) and shape not in trigger.unlike


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rules in force that may apply to a flow, by their trigger, each in the order of the regime."""

    at_once: tuple[CompiledRule, ...]
    dns: tuple[CompiledRule, ...]
    tls: tuple[CompiledRule, ...]
    http: tuple[CompiledRule, ...]
    quic: tuple[CompiledRule, ...]
    raw: tuple[CompiledRule, ...]
    """Rules about bytes or shapes."""
    raw_packets: int
    """First packets with payload that these read."""


class RuleSet:
    """Rules of one tier, by time and destination."""

    def __init__(self, regime: Regime, tier: Tier, seed: int) -> None:
        self._rules = tuple(CompiledRule(rule) for rule in regime.rules if tier.name in rule.tiers)
        self._seed = seed
        self._active: tuple[CompiledRule, ...] = ()
        self._valid_from_s, self.valid_until_s = math.inf, -math.inf
        self._cache: dict[tuple[int, bytes, int], Candidates] = {}
        self._drawn: Counter[str] = Counter()
        self.epoch = 0
        """Number that changes whenever the rules in force do."""

    def refresh(self, now_s: float) -> None:
        """Update the rules in force, if they may have changed."""
        if self._valid_from_s <= now_s < self.valid_until_s:
            return
        now = datetime.fromtimestamp(now_s, UTC)
        edges = {at for ready in self._rules for at in ready.rule.schedule.changes_around(now)}
        self._valid_from_s = max((at.timestamp() for at in edges if at <= now), default=-math.inf)
        self.valid_until_s = min((at.timestamp() for at in edges if at > now), default=math.inf)
        active = tuple(ready for ready in self._rules if ready.rule.schedule.is_in_force(now))
        if active != self._active:
            self._active = active
            self._cache.clear()
            self.epoch += 1

    def candidates(self, protocol: int, far: bytes, far_port: int) -> Candidates:
        """Return the rules in force that may apply to flows to a destination."""
        key = (protocol, far, far_port)
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) > _CACHE_LIMIT:
                self._cache.clear()
            ready = [rule for rule in self._active if rule.can_concern(protocol, far, far_port)]

            def with_trigger(*triggers: type) -> tuple[CompiledRule, ...]:
                return tuple(rule for rule in ready if isinstance(rule.rule.match.trigger, triggers))

            found = self._cache[key] = Candidates(
                at_once=with_trigger(type(None)),
                dns=with_trigger(DnsTrigger),
                tls=with_trigger(TlsTrigger),
                http=with_trigger(HttpTrigger),
                quic=with_trigger(QuicTrigger),
                raw=with_trigger(BytesTrigger, ShapeTrigger),
                raw_packets=max((rule.first_packets for rule in ready), default=0),
            )
        return found

    def draw(self, rule: Rule, subject: str, now_s: float) -> bool:
        """Decide by the rule's probability: the same seed and history always decide the same.

        Args:
            rule: the rule that matched.
            subject: the name or address that it matched on, for decisions per flow: the n-th flow with the
                same subject always gets the same answer, whatever its ports are.
            now_s: lab time.
        """
        if rule.probability >= 1.0:
            return True
        if rule.per is Per.FLOW:
            key = f"{rule.rule_id}|{subject}"
            self._drawn[key] += 1
            occasion = f"{subject}|{self._drawn[key]}"
        else:
            occasion = str(int(now_s // (3600 if rule.per is Per.HOUR else 86_400)))
        text = f"{self._seed}|{rule.rule_id}|{rule.per}|{occasion}"
        number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        return number / 2**64 < rule.probability


def entropy(data: bytes) -> float:
    """Compute the Shannon entropy in bits per byte."""
    if not data:
        return 0.0
    total = len(data)
    return -sum(n / total * math.log2(n / total) for n in Counter(data).values())
