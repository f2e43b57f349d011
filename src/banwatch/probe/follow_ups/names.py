"""Follow-ups of a doubtful answer: does somebody answer who was not asked?"""

import asyncio
import string
from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.probe.follow_ups.context import Context
from banwatch.probe.follow_ups.hops import find_hops
from banwatch.probe.record import Localization, Query
from banwatch.probe.steps.dns import addresses_of, begin_udp_lookup
from banwatch.probe.steps.doh import lookup_doh

_SIBLING_LETTERS = 12
_HOP_WAIT_S = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFindings:
    """What the plain measurement found of the input's own name."""

    hostname: str
    queries: Sequence[Query]
    late: Sequence[Query]
    verified: frozenset[str]
    """Addresses that shook hands with a certificate that is good for the name."""
    control: wire.ControlResponse | None


def is_doubtful(found: NameFindings) -> bool:
    """Whether the answers to the name's lookups leave a doubt.

    No: a name that resolves nowhere for the control either, and one whose addresses prove to be the site's.
    """
    control = found.control.dns if found.control else None
    if control is not None and (control.failure or not control.addrs):
        return False
    if any(set(addresses_of(late)) for late in found.late):
        return True
    system = [query for query in found.queries if query.engine == "getaddrinfo"]
    if any(query.failure for query in system):
        return True
    if any(query.failure not in (None, df007.DNS_NO_ANSWER) for query in found.queries):
        return True
    answered = {address for query in system for address in addresses_of(query)}
    if not answered or answered & found.verified:
        return False
    if not all(may_be_measured(address) for address in answered):
        return True
    there = set(control.addrs or ()) if control is not None else set()
    return not answered & there


async def after_names(context: Context, found: NameFindings) -> None:
    """Ask again in ways that an honest resolver and a forger answer differently."""
    settings = context.settings
    if not settings.follow_ups or not settings.thorough or not settings.resolvers or not is_doubtful(found):
        return
    resolver = parse_endpoint(settings.resolvers[0])
    host = found.hostname
    doh = lookup_doh(
        context.net,
        resolver.ip,
        host,
        "A",
        roots=context.roots,
        at=settings.now(),
        timeout_s=settings.timeouts.dns_s * 2,
        trace=context.begin("doh", 0),
    )
    context.records.queries += await asyncio.gather(
        _ask(context, "sibling", resolver, f"{_random_label(context)}.{host}"),
        _ask(context, "mixed_case", resolver, _mix_case(host)),
        doh,
    )
    empty = _where_no_resolver_is(found)
    if empty is not None:
        from_nowhere = await _ask(context, "no_resolver", empty, host)
        context.records.queries.append(from_nowhere)
        if from_nowhere.rcode is not None:
            await _find_who_answers(context, empty, host)


def _where_no_resolver_is(found: NameFindings) -> Endpoint | None:
    """An address that answers no DNS: the site's own, as only the control knows it."""
    control = found.control.dns.addrs if found.control and found.control.dns else None
    ours = {address for query in found.queries for address in addresses_of(query)}
    for address in control or ():
        if ":" not in address and address not in ours and may_be_measured(address):
            return Endpoint(address, 53)
    return None


async def _ask(context: Context, name: str, resolver: Endpoint, hostname: str) -> Query:
    lookup = begin_udp_lookup(resolver, hostname, "A", rng=context.settings.rng, trace=context.begin(name, 0))
    try:
        return await lookup.first(context.net, timeout_s=context.settings.timeouts.dns_s)
    finally:
        lookup.close()


async def _find_who_answers(context: Context, empty: Endpoint, hostname: str) -> None:
    """Find how many hops away the one is who answers for an address that does not."""

    async def answers_within(hops: int) -> bool:
        lookup = begin_udp_lookup(
            empty, hostname, "A", rng=context.settings.rng, trace=context.begin("dns_hops", 0)
        )
        try:
            record = await lookup.first(
                context.net, timeout_s=min(context.settings.timeouts.dns_s, _HOP_WAIT_S), ttl=hops
            )
        except NetworkFailure:
            return False
        finally:
            lookup.close()
        return record.rcode is not None

    hops, tried = await find_hops(answers_within)
    context.records.localizations.append(
        Localization(step="dns", address=str(empty), hops=hops, tried=tried, tags=["follow_up=dns_hops"])
    )


def _random_label(context: Context) -> str:
    return "".join(context.settings.rng.choice(string.ascii_lowercase) for _ in range(_SIBLING_LETTERS))


def _mix_case(hostname: str) -> str:
    """Every other letter in upper case: a name is the same in any case, a careless filter's is not."""
    return "".join(letter.upper() if index % 2 else letter for index, letter in enumerate(hostname))
