"""Parts of one measurement, as the finders of evidence columns take them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from banwatch.formats.ooni import Observed
from banwatch.judge.weighing.facts.addresses import Addresses, find_prefixes, is_address, is_v6
from banwatch.judge.weighing.facts.hops import Hop, SortedSteps
from banwatch.judge.weighing.facts.pages import (
    NOTHING_COMPARED,
    PageComparison,
    compare_pages,
    differs,
    good_page,
)
from banwatch.judge.weighing.names import Names, certificate_problem, compare_names
from banwatch.model.control import Control
from banwatch.model.follow_up import FollowUp
from banwatch.model.observation import Observation, Step
from banwatch.model.reference import Reference

_DNS, _TLS, _HTTP = Step.DNS, Step.TLS, Step.HTTP


class MeasurementParts:
    """A measurement, taken apart into hops, names and follow-ups."""

    def __init__(self, observed: Observed, reference: Reference) -> None:
        """Take a measurement apart.

        Args:
            observed: the measurement with its facts and its control.
            reference: snapshots to compare with.
        """
        self.observed = observed
        self.reference = reference
        self.measurement = observed.measurement
        self.control: Control | None = observed.control
        self.page_of_control = good_page(observed.control)
        """The control's page, unless it is none or an error."""
        self.steps = SortedSteps(observed.observations, observed.measurement)
        self.plain: Sequence[Observation] = self.steps.plain
        """Steps of the plain measurement."""
        self.follow_ups: Sequence[Observation] = self.steps.follow_ups
        """Steps that follow-ups made."""
        self.hops = self.steps.hops
        expected = self.control.addresses if self.control else ()
        wraps = any(map(is_v6, self.steps.answers))
        self.addresses = Addresses(reference, find_prefixes(self.plain, expected) if wraps else frozenset())
        self._names: dict[int, Names] = {}
        self.names_at = self._find_names_hop()
        """The redirect whose name resolution is described."""
        self.names = self._names_of(self.names_at)
        self.last_at = len(self.hops) - 1
        """The redirect that was reached last."""
        self.last: Hop = self.hops[self.last_at]
        self.last_page: Observation | None = self.last.http[-1] if self.last.http else None
        self.last_page_compared: PageComparison = (
            compare_pages(self.last_page, self.page_of_control) if self.last_page else NOTHING_COMPARED
        )
        """The response that came last, beside the control's page."""
        self.last_names = self._names_of(self.last_at)

    def _names_of(self, at: int) -> Names:
        if at not in self._names:
            self._names[at] = compare_names(
                self.hops[at],
                self.control,
                self.measurement,
                self.reference,
                self.addresses,
                is_without_v6=self.is_without_v6,
            )
        return self._names[at]

    def _find_names_hop(self) -> int:
        """Find the first hop whose name resolved oddly; the input's own where none did."""
        for at, hop in enumerate(self.hops):
            if hop.dns:
                names = self._names_of(at)
                if names.system_failure or names.unvouched or names.bogons or names.proxied:
                    return at
        return 0

    @property
    def names_compared(self) -> Iterable[Names]:
        """Names of the hops up to the one that is described, and of the last one."""
        return self._names.values()

    @cached_property
    def has_working_v4(self) -> bool:
        """Whether some IPv4 worked on this network, be it a lookup at a resolver outside."""
        for seen in self.observed.observations:
            if seen.step is _DNS:
                outside = (seen.resolver_address or "").removesuffix(":53")
                if seen.engine == "udp" and is_address(outside) and not is_v6(outside) and seen.answers:
                    return True
            elif seen.ip is not None and not is_v6(seen.ip) and seen.failure is None:
                return True
        return False

    @cached_property
    def has_working_v6(self) -> bool:
        """Whether some IPv6 worked on this network."""
        return any(
            seen.ip is not None and is_v6(seen.ip) and seen.failure is None
            for seen in self.observed.observations
            if seen.step is not _DNS
        )

    def is_without_v6(self) -> bool:
        """Whether only IPv4 worked on this network."""
        return self.has_working_v4 and not self.has_working_v6

    def requests_again(self, follow_ups: frozenset[FollowUp]) -> Iterator[Observation]:
        """Give the requests that some follow-ups made."""
        return (seen for seen in self.follow_ups if seen.step is _HTTP and seen.follow_up in follow_ups)

    def is_false(self, ip: str | None) -> bool:
        """Whether an address is one that some hop's name resolved to and nothing vouches for."""
        return any(ip in names.unvouched or ip in names.bogons for names in self._names.values())

    def is_valid(self, shake: Observation) -> bool:
        """Whether the certificate of a handshake is valid for the name, by our own examination."""
        return certificate_problem(shake, self.measurement, self.reference) is None

    def is_valid_for(self, shake: Observation, hostname: str) -> bool:
        """Whether the certificate of a handshake is valid for another name too."""
        if not shake.peer_certificates:
            return False
        return (
            self.reference.certificate_problem(
                shake.peer_certificates,
                hostname,
                self.measurement.measurement_start_time,
                lab=bool(self.measurement.lab),
            )
            is None
        )

    def is_verified(self, page: Observation, hop: Hop) -> bool:
        """Whether a response came over TLS that the probe or we found valid."""
        return any(
            shake.failure is None
            and not shake.no_verify
            and (not shake.peer_certificates or self.is_valid(shake))
            for shake in _handshakes_of(page, hop)
        )

    def is_authenticated(self, page: Observation, hop: Hop) -> bool:
        """Whether a response came over TLS with a certificate that we find valid ourselves."""
        return any(
            shake.failure is None and shake.peer_certificates and self.is_valid(shake)
            for shake in _handshakes_of(page, hop)
        )

    def is_the_sites(self, seen: Observation) -> bool:
        """Whether a handshake shows the site's own certificate, or a plain page is like the control's."""
        if seen.step is _TLS:
            return bool(seen.peer_certificates) and self.is_valid(seen)
        compared = compare_pages(seen, self.page_of_control)
        return seen.step is _HTTP and bool(compared.status_match) and not differs(compared)


def _handshakes_of(page: Observation, hop: Hop) -> list[Observation]:
    """Return the handshakes of the connection that a response came over."""
    same = [s for s in hop.tls if page.transaction_id and s.transaction_id == page.transaction_id]
    return same or [shake for shake in hop.tls if page.ip is None or shake.ip == page.ip]
