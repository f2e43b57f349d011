"""Observations of a measurement, sorted in one pass: by redirect hop, step and resolver; follow-ups apart."""

from collections.abc import Sequence

from banwatch.judge.weighing.facts.follow_ups import is_plain
from banwatch.model.fate import Ending, ending_of
from banwatch.model.follow_up import FollowUp
from banwatch.model.measurement import Measurement
from banwatch.model.nettest import IGNORED_NAMES, is_ignored
from banwatch.model.observation import Observation, Step

_DNS, _TCP, _TLS, _QUIC = Step.DNS, Step.TCP, Step.TLS, Step.QUIC
"""Looked up once: an enum gives a member slower than a module does."""
_OWN, _RETEST = Ending.OWN, FollowUp.RETEST
_MAX_HOPS = 32
"""Hops that are read; probes give up after ten."""
_SYSTEM_ENGINES = frozenset({"getaddrinfo", "system", "golang_net_resolver", "libc", "android", "unknown"})
_ENCRYPTED_ENGINES = frozenset({"doh", "dot", "doh3", "doq", "odoh", "dnscrypt"})


class Hop:
    """Steps of one redirect hop, without follow-ups."""

    __slots__ = ("covered", "dns", "encrypted", "http", "outside", "quic", "system", "tcp", "tls")

    def __init__(self) -> None:
        self.dns: list[Observation] = []
        self.system: list[Observation] = []
        """Lookups by the resolver that the probe's system uses, without late answers."""
        self.outside: list[Observation] = []
        """Lookups in the clear by any other resolver, and late answers."""
        self.encrypted: list[Observation] = []
        self.tcp: list[Observation] = []
        self.tls: list[Observation] = []
        self.quic: list[Observation] = []
        self.http: list[Observation] = []
        self.covered = True
        """The control measured this hop's own name."""

    def add(self, seen: Observation) -> None:
        """Sort a step in; a lookup that failed within the probe itself says nothing of any resolver."""
        step = seen.step
        if step is _DNS:
            self.dns.append(seen)
            if seen.failure is None or ending_of(seen.failure) is not _OWN:
                self._lookups_like(seen).append(seen)
        elif step is _TCP:
            self.tcp.append(seen)
        elif step is _TLS:
            self.tls.append(seen)
        elif step is _QUIC:
            self.quic.append(seen)
        else:
            self.http.append(seen)

    def _lookups_like(self, lookup: Observation) -> list[Observation]:
        if (lookup.engine or "unknown") in _ENCRYPTED_ENGINES:
            return self.encrypted
        return self.system if is_of_system(lookup) and not lookup.late else self.outside

    @property
    def name(self) -> str | None:
        """First name that a request, a lookup or a handshake was for."""
        for steps in (self.http, self.dns, self.tls):
            for seen in steps:
                if seen.hostname:
                    return seen.hostname
        return None


class SortedSteps:
    """Observations of a measurement, each looked at once, with what any of them shows."""

    __slots__ = (
        "answers",
        "failures",
        "follow_ups",
        "hops",
        "is_answered",
        "is_connected",
        "is_retested",
        "plain",
    )

    def __init__(self, observations: Sequence[Observation], measurement: Measurement) -> None:
        """Sort observations; those that the nettest's own specification ignores are left out."""
        name, at = measurement.test_name, measurement.measurement_start_time
        ignoring = name in IGNORED_NAMES
        self.plain: list[Observation] = []
        """Steps of the plain measurement."""
        self.follow_ups: list[Observation] = []
        """Steps that follow-ups made."""
        self.hops = [Hop()]
        """Plain steps by hop; there is always at least the input's own hop."""
        self.answers: list[str] = []
        """Addresses that any plain lookup gave."""
        self.failures: set[str] = set()
        """Failures of plain steps."""
        self.is_answered = False
        """Whether some plain step went well."""
        self.is_retested = False
        """Whether a lookup was made once more, with more patience, and failed again."""
        failed_beyond = beyond = False
        for seen in observations:
            if seen.follow_up is not None and not is_plain(seen):
                self.follow_ups.append(seen)
                continue
            if ignoring and is_ignored(name, seen.hostname, seen.step, at):
                continue
            self.plain.append(seen)
            if seen.failure is None:
                self.is_answered = True
            else:
                self.failures.add(seen.failure)
                self.is_retested = self.is_retested or seen.follow_up == _RETEST
            if seen.step is _DNS:
                self.answers += seen.answers
            else:
                beyond = True
                failed_beyond = failed_beyond or seen.failure is not None
            while len(self.hops) <= seen.hop and len(self.hops) < _MAX_HOPS:
                self.hops.append(Hop())
            if seen.hop < _MAX_HOPS:
                self.hops[seen.hop].add(seen)
        self.is_connected = beyond and not failed_beyond
        """Whether something beyond lookups was tried, and all of it went well."""
        if len(self.hops) > 1:
            first = self.hops[0].name
            for hop in self.hops[1:]:
                hop.covered = first is not None and hop.name == first


def is_of_system(lookup: Observation) -> bool:
    """Whether a lookup asked the resolver that the probe's system uses."""
    engine = lookup.engine or "unknown"
    return engine not in _ENCRYPTED_ENGINES and (engine in _SYSTEM_ENGINES or not lookup.resolver_address)
