"""Follow-ups of a doubtful DNS answer: does a device answer that was not asked?"""

import asyncio
import string
from collections.abc import Sequence
from dataclasses import dataclass

from banwatch.formats.ooni import wire
from banwatch.formats.ooni.extensions import Localization
from banwatch.model import failure as df007
from banwatch.model.follow_up import FollowUp
from banwatch.model.path import LocatedStep
from banwatch.net.addresses import may_be_measured
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.failure import NetworkFailure
from banwatch.probe.follow_ups.context import FollowUpContext
from banwatch.probe.follow_ups.hops import find_hops
from banwatch.probe.steps.dns import addresses_of, begin_udp_lookup, lookup_system
from banwatch.probe.steps.dns_streams import lookup_doh
from banwatch.probe.written_records import Query

_SIBLING_LETTERS = 12
_MOST_RESOLVERS = 3
_PATIENCE = 3.0
_ORDINARY = frozenset({None, df007.DNS_NXDOMAIN, df007.DNS_NO_ANSWER})
"""Failures that a working resolver may report of a name; others may be the resolver's own trouble."""
_SILENCE = frozenset({df007.GENERIC_TIMEOUT, df007.DNS_TEMPORARY})
"""Spellings of one failure: the second is getaddrinfo's."""
_HOP_WAIT_S = 0.7
_TRIES = 2
"""Failures by silence: one datagram may be lost, two in a row hardly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFindings:
    """Findings of the plain measurement about the input's own name."""

    hostname: str
    queries: Sequence[Query]
    late: Sequence[Query]
    verified: frozenset[str]
    """Addresses that shook hands with a certificate that is good for the name."""
    control: wire.ControlResponse | None


def is_doubtful(found: NameFindings) -> bool:
    """Return whether the answers to the name's lookups leave a doubt.

    They leave none where the name resolves nowhere for the control either, or its addresses are the site's.
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


async def after_names(context: FollowUpContext, found: NameFindings) -> None:
    """Ask again in ways to which an honest resolver and a forger give different answers."""
    settings = context.settings
    if not settings.follow_ups or not settings.thorough or not settings.resolvers or not is_doubtful(found):
        return
    resolver = parse_endpoint(settings.resolvers[0])
    host = found.hostname
    sibling = f"{_random_label(context)}.{host}"
    context.records.queries += await asyncio.gather(
        _ask(context, FollowUp.SIBLING, resolver, sibling),
        _ask_inside(context, FollowUp.SIBLING_DOH, resolver, sibling),
        _ask(context, FollowUp.MIXED_CASE, resolver, _mix_case(host)),
        _ask_inside(context, FollowUp.DOH, resolver, host),
    )
    empty = _where_no_resolver_is(found)
    if empty is not None:
        from_nowhere = await _ask(context, FollowUp.NO_RESOLVER, empty, host)
        context.records.queries.append(from_nowhere)
        if from_nowhere.rcode is not None:
            await _find_who_answers(context, LocatedStep.DNS, empty, host)
    if await _find_who_answers(context, LocatedStep.DNS, resolver, host) is not None:
        await _find_who_answers(context, LocatedStep.RESOLVER, resolver, settings.innocent_name)


def resolvers_in_doubt(queries: Sequence[Query]) -> list[Query]:
    """Return the lookups that ended as those of a broken resolver do."""
    doubtful = [q for q in queries if q.failure not in _ORDINARY and q.query_type != "AAAA"]
    return doubtful[:_MOST_RESOLVERS]


async def try_resolvers(context: FollowUpContext, hostname: str, queries: Sequence[Query]) -> None:
    """Ask resolvers that failed for an innocent name, and once more for the target where all was slow.

    Runs beside the measurement, since a resolver that is silent for one name may be silent for all.
    """
    await asyncio.gather(*(_try_resolver(context, hostname, query) for query in queries))


async def _try_resolver(context: FollowUpContext, hostname: str, query: Query) -> None:
    timeout_s = context.settings.timeouts.dns_s
    context.records.queries.append(
        await _ask_as(context, FollowUp.INNOCENT_NAME, query, context.settings.innocent_name, timeout_s)
    )
    if query.failure in _SILENCE and context.lag.is_slow(timeout_s, context.trace.zero_s):
        async with context.lag.quiet():
            again = await _ask_as(context, FollowUp.RETEST, query, hostname, timeout_s * _PATIENCE)
        context.records.queries.append(again)


async def _ask_as(
    context: FollowUpContext, name: FollowUp, query: Query, hostname: str, timeout_s: float
) -> Query:
    """Ask the resolver that a query was for, in the same way."""
    if query.engine == "getaddrinfo":
        return await lookup_system(context.net, hostname, timeout_s=timeout_s, trace=context.begin(name, 0))
    if query.engine == "doh":
        ip = (query.resolver_address or "").removeprefix("https://").partition("/")[0].strip("[]")
        return await lookup_doh(
            context.net,
            ip,
            hostname,
            "A",
            roots=context.roots,
            at=context.settings.now(),
            timeout_s=timeout_s,
            trace=context.begin(name, 0),
        )
    resolver = parse_endpoint(query.resolver_address or "")
    lookup = begin_udp_lookup(resolver, hostname, "A", rng=context.settings.rng, trace=context.begin(name, 0))
    try:
        return await lookup.first(context.net, timeout_s=timeout_s)
    finally:
        lookup.close()


def _where_no_resolver_is(found: NameFindings) -> Endpoint | None:
    """Return an address that answers no DNS: the site's own, as only the control knows it."""
    control = found.control.dns.addrs if found.control and found.control.dns else None
    ours = {address for query in found.queries for address in addresses_of(query)}
    for address in control or ():
        if ":" not in address and address not in ours and may_be_measured(address):
            return Endpoint(address, 53)
    return None


async def _ask(context: FollowUpContext, name: FollowUp, resolver: Endpoint, hostname: str) -> Query:
    lookup = begin_udp_lookup(resolver, hostname, "A", rng=context.settings.rng, trace=context.begin(name, 0))
    try:
        return await lookup.first(context.net, timeout_s=context.settings.timeouts.dns_s)
    finally:
        lookup.close()


async def _ask_inside(context: FollowUpContext, name: FollowUp, resolver: Endpoint, hostname: str) -> Query:
    """Ask a resolver inside HTTPS, where no device on the way can answer in its place."""
    return await lookup_doh(
        context.net,
        resolver.ip,
        hostname,
        "A",
        roots=context.roots,
        at=context.settings.now(),
        timeout_s=context.settings.timeouts.dns_s * 2,
        trace=context.begin(name, 0),
    )


async def _find_who_answers(
    context: FollowUpContext, step: LocatedStep, asked: Endpoint, hostname: str
) -> int | None:
    """Find how many hops away the device is that answers questions for a name sent to an address."""

    async def answers_within(hops: int) -> bool:
        for _ in range(_TRIES):
            answered = await _is_answered(context, asked, hostname, hops)
            if answered is not None:
                return answered
        return False

    hops, tried = await find_hops(answers_within)
    context.records.localizations.append(
        Localization(step=step, address=str(asked), hops=hops, tried=tried, tags=[FollowUp.DNS_HOPS.tag])
    )
    return hops


async def _is_answered(context: FollowUpContext, asked: Endpoint, hostname: str, hops: int) -> bool | None:
    """Return whether a question that goes only so far is answered; None where nothing comes back."""
    lookup = begin_udp_lookup(
        asked, hostname, "A", rng=context.settings.rng, trace=context.begin(FollowUp.DNS_HOPS, 0)
    )
    try:
        record = await lookup.first(
            context.net, timeout_s=min(context.settings.timeouts.dns_s, _HOP_WAIT_S), ttl=hops
        )
    except NetworkFailure:
        return False
    finally:
        lookup.close()
    if record.rcode is not None:
        return True
    return None if record.failure in _SILENCE else False


def _random_label(context: FollowUpContext) -> str:
    return "".join(context.settings.rng.choice(string.ascii_lowercase) for _ in range(_SIBLING_LETTERS))


def _mix_case(hostname: str) -> str:
    """Set every other letter in upper case: a name is the same in any case, a careless filter's is not."""
    return "".join(letter.upper() if index % 2 else letter for index, letter in enumerate(hostname))
