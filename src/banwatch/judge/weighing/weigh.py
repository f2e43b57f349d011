"""Observations, control and reference data to evidence."""

from collections.abc import Iterable, Sequence

from banwatch.formats.ooni import Observed
from banwatch.formats.ooni.reading import host_of
from banwatch.judge.thresholds import LAG_SHARE, LENGTH_RATIO_SAME, SHORT_TIMEOUT_S, USUAL_TIMEOUT_S
from banwatch.judge.weighing import fingerprints as known
from banwatch.judge.weighing.addresses import is_v6
from banwatch.judge.weighing.connections import OTHER_NAMES, RETRIES, Fairness, count_connections, kind_of
from banwatch.judge.weighing.endpoints import sum_up
from banwatch.judge.weighing.follow_ups import (
    ANSWERS_OF_DNS,
    came_from_nowhere,
    is_cut_elsewhere,
    is_plain,
    is_same_elsewhere,
)
from banwatch.judge.weighing.hops import Hop, group_by_hop
from banwatch.judge.weighing.names import Names, certificate_problem, compare_names
from banwatch.judge.weighing.nettest_kinds import kind_of_nettest
from banwatch.judge.weighing.pages import (
    FIRST_ERROR_STATUS,
    PageComparison,
    compare_pages,
    differs,
    good_page,
    is_broken_redirect,
    is_portal,
    is_refusal,
)
from banwatch.judge.weighing.path_evidence import NO_CUT, NO_FORGER, find_cut, find_forger
from banwatch.judge.weighing.throughput import read_rates
from banwatch.model.control import Control
from banwatch.model.drafting import drafted
from banwatch.model.evidence import Evidence
from banwatch.model.failure import CERTIFICATE_FAILURES
from banwatch.model.observation import Observation, Step
from banwatch.model.reference import Reference
from banwatch.model.resolver import kind_of_resolver

_Evidence = drafted(Evidence)


def weigh(observed: Observed, reference: Reference) -> Evidence:
    """Compare a measurement with its control and with reference data.

    Pure: the same measurement and snapshots give the same row.
    """
    return _Weighing(observed, reference).to_evidence()


class _Weighing:
    """One measurement on the scales."""

    def __init__(self, observed: Observed, reference: Reference) -> None:
        self._observed = observed
        self._reference = reference
        self._m = observed.measurement
        self._control = observed.control
        self._page_of_control = good_page(observed.control)
        self._plain: Sequence[Observation] = observed.observations
        self._follow_ups: Sequence[Observation] = ()
        if any(seen.follow_up is not None for seen in observed.observations):
            self._plain = [seen for seen in observed.observations if is_plain(seen)]
            self._follow_ups = [seen for seen in observed.observations if not is_plain(seen)]
        self._hops = group_by_hop(self._plain)
        self._names: dict[int, Names] = {}

    def to_evidence(self) -> Evidence:
        """Fill every column."""
        observed, m, control = self._observed, self._m, self._control
        at = len(self._hops) - 1
        last = self._hops[at]
        names_at = self._find_names_hop()
        names = self._names_of(names_at)
        fairness = Fairness(control, self._page_of_control is not None, working_v6=self._has_working_v6())
        connections = count_connections(
            last, self._names_of(at).genuine, fairness, self._follow_ups, m, self._reference
        )
        page = last.http[-1] if last.http else None
        answered = page if page is not None and page.status_code and page.failure is None else None
        encrypted = page is not None and (page.url or "").startswith("https:")
        authenticated = encrypted and page is not None and self._is_authenticated(page, last)
        compared = (
            compare_pages(answered, control.http if control else None) if answered else PageComparison()
        )
        answers_known = known.find_in_answers(
            (*names.unvouched, *names.bogons),
            (name for hop in self._hops for lookup in hop.dns for name in lookup.cnames),
            m.probe_cc,
            self._reference,
        )
        pages_known = known.find_in_pages(self._open_pages(), m.probe_cc, self._reference)
        services = sum_up(observed.endpoints)
        rates = read_rates(self._plain, self._follow_ups)
        cut, forger = NO_CUT, NO_FORGER
        if self._follow_ups or observed.located:
            cut = find_cut(
                last,
                self._names_of(at).genuine,
                self._follow_ups,
                observed.connections,
                observed.located,
                self._is_the_sites,
            )
            forger = find_forger(self._hops[names_at].dns, names, self._follow_ups, observed.located)
        return _Evidence(
            measurement_uid=m.measurement_uid,
            target=m.target,
            test_name=m.test_name,
            input=m.input,
            probe_cc=m.probe_cc,
            probe_asn=m.probe_asn,
            access_tier=m.access_tier,
            report_id=m.report_id,
            probe_id=observed.probe_id,
            measurement_start_time=m.measurement_start_time,
            lab=m.lab,
            software=f"{m.software_name} {m.software_version}".strip(),
            platform=m.platform,
            resolver_kind=kind_of_resolver(m.resolver_asn, m.probe_asn, m.resolver_ip).value,
            snapshots=self._reference.snapshot_ids,
            kind=kind_of_nettest(m.test_name),
            steps=len(observed.observations),
            silent=self._is_silent(),
            answered=any(seen.failure is None for seen in self._plain),
            connected=_is_connected(self._plain),
            hops=at,
            in_tunnel=observed.network_type == "vpn",
            slow_probe=self._is_slow(),
            retested=connections.retested
            or any(seen.follow_up == "retest" and seen.failure is not None for seen in self._plain),
            short_timeouts=any(
                seconds < SHORT_TIMEOUT_S for step, seconds in observed.timeouts_s if step in ("tcp", "tls")
            ),
            portal=self._has_portal(),
            control=control is not None and observed.control_failure is None,
            control_failure=observed.control_failure,
            control_dns=control is not None and bool(control.addresses),
            control_dns_failure=control.dns_failure if control else None,
            control_bogon=names.bogon_expected,
            control_tcp=control is not None and any(e.tcp_failure is None for e in control.endpoints),
            control_tls_failure=_tls_failure(control),
            control_http=self._page_of_control is not None,
            control_http_failure=control.http.failure if control and control.http else None,
            control_http_status=control.http.status_code if control and control.http else None,
            dns_hop=names_at if names.system_asked or names.expected or names.other_failures else None,
            dns_hostname=names.hostname,
            dns_system_failure=names.system_failure,
            dns_system_asked=names.system_asked,
            dns_answers=names.system_answers,
            dns_expected=names.expected,
            dns_expected_by=names.expected_by,
            dns_other_ok=names.other_ok,
            dns_other_failures=names.other_failures,
            dns_resolver_works=any(
                seen.step is Step.DNS and seen.follow_up == "innocent_name" and bool(seen.answers)
                for seen in self._follow_ups
            ),
            dns_plain_silent=names.plain_silent,
            dns_lossy=any(names.lossy for names in self._names.values()),
            dns_bogons=names.bogons,
            dns_unvouched=names.unvouched,
            dns_system_unvouched=names.system_unvouched,
            dns_vouched_by=names.vouched_by,
            dns_conflicting=names.conflicting,
            dns_from_nowhere=any(came_from_nowhere(seen) for seen in self._follow_ups),
            dns_inside=names.proxied,
            dns_unvouched_inside=names.unvouched_inside,
            dns_forger_hops=forger.forger_hops,
            dns_resolver_hops=forger.resolver_hops,
            dns_sibling_forged=forger.sibling_forged,
            dns_case_differs=forger.case_differs,
            dns_nowhere_else=names.nowhere_else,
            dns_fingerprints=answers_known.counting,
            dns_fate=self._fate(self._hops[names_at], names),
            hop=at if self._plain else None,
            hostname=self._names_of(at).hostname,
            control_covers=last.covered,
            tcp_ok=connections.tcp.get("ok", 0),
            tcp_timeout=connections.tcp.get("timeout", 0),
            tcp_refused=connections.tcp.get("refused", 0),
            tcp_reset=connections.tcp.get("reset", 0),
            tcp_unreachable=connections.tcp.get("unreachable", 0),
            tcp_other=_others(connections.tcp, {"ok", "timeout", "refused", "reset", "unreachable"}),
            tcp_unfair=connections.tcp_unfair,
            tls_ok=connections.tls.get("ok", 0),
            tls_reset=connections.tls.get("reset", 0),
            tls_timeout=connections.tls.get("timeout", 0),
            tls_eof=connections.tls.get("eof", 0),
            tls_alert=connections.tls.get("alert", 0),
            tls_other=_others(connections.tls, {"ok", "timeout", "reset", "eof", "alert"}),
            tls_unfair=connections.tls_unfair,
            tls_mitm=connections.mitm,
            tls_certificate_failure=connections.certificate_failure,
            tls_other_name_ok=connections.other_name_ok,
            tls_other_name_cut=connections.other_name_cut,
            tls_name_cut_elsewhere=is_cut_elsewhere(self._follow_ups),
            tls_cut=cut.tls_cut,
            tls_no_sni_ok=cut.tls_no_sni_ok,
            tls_split_ok=cut.tls_split_ok,
            reset_place=cut.reset_place,
            reset_outlived=cut.reset_outlived,
            reset_early=cut.reset_early,
            reset_unasked=cut.reset_unasked,
            cut_hops=cut.cut_hops,
            server_hops=cut.server_hops,
            stopped_hops=cut.stopped_hops,
            address_ok=connections.address_ok,
            quic_ok=connections.quic.get("ok", 0),
            quic_timeout=connections.quic.get("timeout", 0),
            quic_reset=sum(connections.quic.get(kind, 0) for kind in ("reset", "refused", "unreachable")),
            quic_other_name_ok=any(
                seen.step is Step.QUIC and seen.failure is None for seen in self._follow_ups
            ),
            quic_control=bool(control and control.http3 and control.http3.failure is None),
            http_failure=page.failure if page is not None else None,
            http_kind=_kind_of_page_failure(page),
            http_status=page.status_code if page is not None else None,
            http_title=page.title if page is not None else None,
            http_body_length=page.body_length if page is not None else None,
            http_encrypted=encrypted,
            http_authenticated=authenticated,
            http_genuine=page is None or not self._is_false(page.ip),
            http_again_ok=any(again.failure is None for again in self._requests_again(RETRIES)),
            http_again_failed=any(again.failure is not None for again in self._requests_again(RETRIES)),
            http_other_name_ok=any(
                other.failure is None and (page is None or other.ip == page.ip)
                for other in self._requests_again(OTHER_NAMES)
            ),
            http_same_elsewhere=answered is not None and is_same_elsewhere(answered, self._follow_ups),
            http_redirect_broken=is_broken_redirect(page, at),
            http_redirected_off=self._is_redirected_off(),
            http_refused=answered is not None and is_refusal(answered),
            http_status_match=compared.status_match,
            http_title_match=compared.title_match,
            http_length_ratio=compared.length_ratio,
            http_headers_match=compared.headers_match,
            http_fingerprints=pages_known.counting,
            http_fingerprints_abroad=tuple(sorted({*pages_known.abroad, *answers_known.abroad})),
            fingerprints_broad=tuple(sorted({*pages_known.broad, *answers_known.broad})),
            fingerprints_vetoed=tuple(sorted({*pages_known.vetoed, *answers_known.vetoed})),
            http_goodput_bps=rates.goodput_bps,
            http_goodput_other_bps=rates.goodput_other_bps,
            http_goodput_control_bps=observed.control_goodput_bps,
            throttle_kind=observed.throttle_kind,
            tls_handshake_ms=rates.handshake_ms,
            tls_handshake_other_ms=rates.handshake_other_ms,
            endpoints_ok=services.ok,
            endpoints_failed=services.failed,
            groups_ok=services.groups_ok,
            groups_failed=services.groups_failed,
            groups_fate=services.fate,
            groups_tries=services.tries,
            failures=tuple(sorted({seen.failure for seen in self._plain if seen.failure})),
            outcome_failure=observed.outcome.failure,
            outcome_success=observed.outcome.success,
            outcome_tampered=observed.outcome.tampered,
        )

    def _names_of(self, at: int) -> Names:
        if at not in self._names:
            self._names[at] = compare_names(self._hops[at], self._control, self._m, self._reference)
        return self._names[at]

    def _find_names_hop(self) -> int:
        """The first hop whose name resolved oddly; the input's own where none did."""
        for at, hop in enumerate(self._hops):
            if hop.dns:
                names = self._names_of(at)
                if names.system_failure or names.unvouched or names.bogons or names.proxied:
                    return at
        return 0

    def _has_working_v6(self) -> bool:
        return any(
            seen.ip is not None and is_v6(seen.ip) and seen.failure is None
            for seen in self._observed.observations
            if seen.step is not Step.DNS
        )

    def _requests_again(self, follow_ups: frozenset[str]) -> Iterable[Observation]:
        return (s for s in self._follow_ups if s.step is Step.HTTP and s.follow_up in follow_ups)

    def _is_slow(self) -> bool:
        lag = self._observed.probe_lag_s
        shortest = min((seconds for _, seconds in self._observed.timeouts_s), default=USUAL_TIMEOUT_S)
        slowest = self._observed.slowest_step
        return (lag is not None and lag >= shortest * LAG_SHARE) or (
            slowest is not None and slowest >= LAG_SHARE
        )

    def _is_silent(self) -> bool:
        """Whether nothing at all answered: no lookup, no connect, no handshake, no request."""
        seen_all = self._observed.observations
        return bool(seen_all) and all(_is_unanswered(seen) for seen in seen_all)

    def _is_false(self, ip: str | None) -> bool:
        """Whether an address is one that some hop's name resolved to and nothing vouches for."""
        return any(ip in names.unvouched or ip in names.bogons for names in self._names.values())

    def _open_pages(self) -> Iterable[Observation]:
        """Responses that somebody in the path could have written: not those over verified TLS."""
        for hop in self._hops:
            for page in hop.http:
                if not (page.url or "").startswith("https:") or not self._is_verified(page, hop):
                    yield page

    def _is_verified(self, page: Observation, hop: Hop) -> bool:
        return any(
            shake.failure is None
            and not shake.no_verify
            and (not shake.peer_certificates or self._is_valid(shake))
            for shake in _handshakes_of(page, hop)
        )

    def _is_authenticated(self, page: Observation, hop: Hop) -> bool:
        """Whether the response came over TLS with a certificate that we find valid ourselves."""
        return any(
            shake.failure is None and shake.peer_certificates and self._is_valid(shake)
            for shake in _handshakes_of(page, hop)
        )

    def _is_valid(self, shake: Observation) -> bool:
        return certificate_problem(shake, self._m, self._reference) is None

    def _is_the_sites(self, seen: Observation) -> bool:
        """Whether a handshake shows the site's own certificate, or a plain page is like the control's."""
        if seen.step is Step.TLS:
            return bool(seen.peer_certificates) and self._is_valid(seen)
        compared = compare_pages(seen, self._page_of_control)
        return seen.step is Step.HTTP and bool(compared.status_match) and not differs(compared)

    def _has_portal(self) -> bool:
        return any(is_portal(page) for hop in self._hops for page in hop.http)

    def _is_redirected_off(self) -> bool:
        """Whether an unencrypted response sent us to another registrable domain."""
        target_of = self._reference.target_of
        for hop in self._hops:
            for page in hop.http:
                aim = host_of(page.location) if page.location else None
                if (
                    aim
                    and page.hostname
                    and (page.url or "").startswith("http:")
                    and target_of(aim) != target_of(page.hostname)
                ):
                    return True
        return False

    def _fate(self, hop: Hop, names: Names) -> tuple[str, ...]:
        """What happened at the addresses that nothing vouches for."""
        false = {*names.unvouched, *names.bogons}
        if not false:
            return ()
        fates: set[str] = set()
        for seen in (*hop.tcp, *hop.tls):
            if seen.ip in false:
                fates.add(f"{seen.step.value}.{kind_of(seen.failure) if seen.failure else 'ok'}")
        for page in hop.http:
            if page.ip in false:
                fates.add(self._fate_of_page(page))
        for endpoint in self._control.endpoints if self._control else ():
            if endpoint.ip in false:
                if endpoint.tcp_failure:
                    fates.add("control.unreachable")
                elif endpoint.tls_failure in CERTIFICATE_FAILURES:
                    fates.add("control.certificate")
        return tuple(sorted(fates))

    def _fate_of_page(self, page: Observation) -> str:
        if page.failure is not None:
            return f"http.{kind_of(page.failure)}"
        compared = compare_pages(page, self._page_of_control)
        if is_refusal(page) or is_portal(page) or (page.status_code or 0) >= FIRST_ERROR_STATUS:
            return "http.refused"
        if differs(compared):
            return "http.differs"
        same = compared.title_match or (compared.length_ratio or 0) > LENGTH_RATIO_SAME
        return "http.same" if compared.status_match and same else "http.ok"


def _tls_failure(control: Control | None) -> str | None:
    tried = [e.tls_failure for e in control.endpoints if e.tls_attempted] if control else []
    return tried[0] if tried and all(tried) else None


def _handshakes_of(page: Observation, hop: Hop) -> list[Observation]:
    """Handshakes of the connection that a response came over."""
    same = [s for s in hop.tls if page.transaction_id and s.transaction_id == page.transaction_id]
    return same or [shake for shake in hop.tls if page.ip is None or shake.ip == page.ip]


def _kind_of_page_failure(page: Observation | None) -> str | None:
    return kind_of(page.failure) if page is not None and page.failure else None


def _is_unanswered(seen: Observation) -> bool:
    if seen.failure is None:
        return False
    if seen.step is Step.DNS:
        return seen.failure not in ANSWERS_OF_DNS and not seen.answers
    return kind_of(seen.failure) in ("timeout", "unreachable", "other")


def _is_connected(observations: Sequence[Observation]) -> bool:
    beyond = [seen for seen in observations if seen.step is not Step.DNS]
    return bool(beyond) and all(seen.failure is None for seen in beyond)


def _others(counts: dict[str, int], named: set[str]) -> int:
    return sum(count for kind, count in counts.items() if kind not in named)
