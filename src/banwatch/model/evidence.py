"""The comparison of one measurement with its control and with reference data, as named columns."""

from datetime import datetime

import msgspec

from banwatch.model.ids import Asn, CountryCode, MeasurementUid, TargetName
from banwatch.model.receipt import SourceClass


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Sum of a measurement's observations, beside its control: facts and comparisons, no conclusion.

    Shape: one row a measurement and target; key `measurement_uid, target`; order
    `measurement_start_time, measurement_uid, target`. Lists are never null. Counts of endpoints are of
    *genuine* ones (address vouched for: see `dns_vouched_by`) unless they say otherwise.
    """

    measurement_uid: MeasurementUid
    target: TargetName
    test_name: str
    input: str
    probe_cc: CountryCode
    probe_asn: Asn
    access_tier: str
    report_id: str
    probe_id: str
    measurement_start_time: datetime
    lab: str
    software: str
    """Name and version of the program that measured, for telling its defects from the network's doing."""
    platform: str
    snapshots: tuple[str, ...]
    """Ids of the reference snapshots that this row was weighed with."""

    kind: str
    """Kind of the nettest: `web`, `endpoints`, `bootstrap`, `middlebox`, `resolver`, or `other`."""
    steps: int
    """Observations in the measurement."""
    silent: bool
    """Nothing at all answered, not even the network's own resolver."""
    answered: bool
    """Some step of the measurement went well."""
    connected: bool
    """Some connect, handshake or request went well, and none failed."""
    hops: int
    """Redirects followed."""
    in_tunnel: bool
    """The probe says, or its networks show, that it measured through a VPN."""
    slow_probe: bool
    """The probe's own machine kept it from running for so long that a time-out may be its own."""
    retested: bool
    """A step that failed was made once more, after a pause and with more patience, and failed again."""
    short_timeouts: bool
    """Time-outs in force were shorter than a network's retransmissions: one alone says nothing."""
    portal: bool
    """A captive portal stood between the probe and the network."""

    control: bool
    """A control answered."""
    control_failure: str | None
    control_dns: bool
    """The control resolved the name to at least one public address."""
    control_dns_failure: str | None
    control_bogon: bool
    """The control, or a resolver reached over an encrypted path, saw a bogon address too."""
    control_tcp: bool
    """The control connected to at least one address of the target."""
    control_tls_failure: str | None
    """The failure that the control met in every TLS handshake; null where one worked or none was tried."""
    control_http: bool
    """The control got a page that is not an error."""
    control_http_failure: str | None
    control_http_status: int | None

    dns_hop: int | None
    """The redirect whose name resolution the `dns_` columns describe; null where nothing was resolved."""
    dns_hostname: str | None
    dns_system_failure: str | None
    """Why the network's own resolver gave no address; null where it gave one or was not asked."""
    dns_system_asked: int
    dns_answers: tuple[str, ...]
    """Addresses from the network's own resolver."""
    dns_expected: tuple[str, ...]
    """Addresses that the control or an encrypted resolver gave."""
    dns_expected_by: str
    """`control`, `encrypted` (DNS over TLS or HTTPS, from the same network), or empty."""
    dns_other_ok: bool
    """Another resolver, asked from the same network, gave a genuine address."""
    dns_other_failures: tuple[str, ...]
    dns_resolver_works: bool
    """A resolver that gave nothing for this name, asked for an innocent one, answered."""
    dns_plain_silent: bool
    """Every unencrypted query to a resolver outside the network went unanswered."""
    dns_lossy: bool
    """Some lookups timed out while others were answered: this network loses packets."""
    dns_bogons: tuple[str, ...]
    """Answers that no public name should have: private, loopback, reserved."""
    dns_unvouched: tuple[str, ...]
    """Answers that nothing vouches for: not seen by the control, another AS, no valid certificate."""
    dns_system_unvouched: bool
    """All that the network's own resolver answered is bogon or unvouched."""
    dns_vouched_by: tuple[str, ...]
    """Vouchers for answers: `control`, `encrypted`, `as`, `certificate`."""
    dns_conflicting: bool
    """A question got answers that contradict each other, one of them genuine."""
    dns_from_nowhere: bool
    """An address that runs no resolver was asked, and something answered."""
    dns_inside: bool
    """An outside resolver, asked in the clear, answered with a host inside the probe's own network, which
    neither the control nor an encrypted resolver got."""
    dns_unvouched_inside: bool
    """An unvouched address lies inside the probe's own network."""
    dns_forger_hops: int | None
    """Hops after which a question for the name is answered, where its answers are in doubt; see the next."""
    dns_resolver_hops: int | None
    """Hops after which the same resolver answers for an innocent name."""
    dns_sibling_forged: bool
    """A name below the target that cannot exist was answered in the clear; inside HTTPS the same resolver
    says that there is no such name."""
    dns_case_differs: bool
    """A resolver that fails or lies for the name is honest when it is written in mixed case."""
    dns_nowhere_else: bool
    """The control says that there is no such name; here it resolved."""
    dns_fingerprints: tuple[str, ...]
    """Known forged answers that count in this country."""
    dns_fate: tuple[str, ...]
    """Fate of the unvouched addresses: `tcp.timeout`, `tls.certificate`, `http.differs`, ..."""

    hop: int | None
    """The redirect at which the `tcp_`, `tls_` and `http_` columns look: the last one reached."""
    hostname: str | None
    """The name at that redirect."""
    control_covers: bool
    """The control speaks of this redirect's own endpoints; else only of the page at the end."""
    tcp_ok: int
    tcp_timeout: int
    """Attempts that failed so, those of a second try included; so with the other counts of failures."""
    tcp_refused: int
    tcp_reset: int
    tcp_unreachable: int
    tcp_other: int
    tcp_unfair: int
    """Failures that do not count: the control failed there too, or IPv6 does not work on this network."""
    tls_ok: int
    """Handshakes with a certificate that we found valid, or that the peer was not asked for."""
    tls_reset: int
    tls_timeout: int
    tls_eof: int
    tls_alert: int
    tls_other: int
    tls_unfair: int
    tls_mitm: tuple[str, ...]
    """`self_signed` or `ca_signed`, for forged certificates at genuine addresses."""
    tls_certificate_failure: str | None
    """Fault of the certificate at an address that the control vouches for."""
    tls_other_name_ok: bool
    """Another name got through a handshake at an address where this one was cut."""
    tls_other_name_cut: bool
    """Another name was cut at that address in the same way."""
    tls_name_cut_elsewhere: bool
    """At somebody else's address the name was cut, and another name was not."""
    tls_cut: tuple[str, ...]
    """Endings of handshakes that were cut at genuine addresses (`reset`, `timeout`, `eof`, `alert`), whatever
    the control says of them."""
    tls_no_sni_ok: bool
    """Without a name a handshake got through at an address where it was cut."""
    tls_split_ok: bool
    """The same ClientHello, cut in two segments, was answered there with the site's own certificate."""
    reset_place: str
    """Position of the resetting host: `on-path` (what was sent arrives), `in-path` (it does not) or empty."""
    reset_outlived: bool
    """A connection that ignored resets got some, and then the site's own answer."""
    reset_early: bool
    """Every reset came sooner than anything can come back from the address."""
    reset_unasked: bool
    """A connection there was reset before it carried any data."""
    cut_hops: int | None
    """Hops after which a ClientHello is cut, or vanishes."""
    server_hops: int | None
    """Hops after which the same address connects."""
    stopped_hops: int | None
    """Hops after which connects are refused, or vanish, where they failed."""
    address_ok: bool
    """Something else got through to an address where TLS or HTTP was cut."""
    quic_ok: int
    """Second tries included, here and in the next two."""
    quic_timeout: int
    quic_reset: int
    """Handshakes that were refused, be it by an ICMP message."""
    quic_other_name_ok: bool
    """Another name got through a QUIC handshake over this network."""
    quic_control: bool
    http_failure: str | None
    """Failure of the last request; null where it got a response, or none was made."""
    http_kind: str | None
    """The same failure in one word: `reset`, `timeout`, `eof`, `certificate`, ..."""
    http_status: int | None
    http_title: str | None
    http_body_length: int | None
    http_encrypted: bool
    """The last response came over TLS."""
    http_authenticated: bool
    """The last response came over TLS with a certificate that we found valid for the name."""
    http_genuine: bool
    """The last request went to a genuine address."""
    http_again_ok: bool
    """The last request, made again, got its response."""
    http_again_failed: bool
    """The last request, made again, failed again."""
    http_other_name_ok: bool
    """A request with another name, at the address of the last request, got a response."""
    http_same_elsewhere: bool
    """Asked for at somebody else's address, the name got the very same response."""
    http_redirect_broken: bool
    """Redirected in a circle, too often, or to nowhere."""
    http_redirected_off: bool
    """Redirected, unencrypted, to a name of another registrable domain that the control did not end at."""
    http_refused: bool
    """The server itself refuses: 403, 429, 451, 503 or a challenge page."""
    http_status_match: bool | None
    """Null where there is nothing to compare, here and below."""
    http_title_match: bool | None
    http_length_ratio: float | None
    """Shorter body over the longer one, 0 to 1."""
    http_headers_match: bool | None
    """Whether both responses carry some header that few servers send."""
    http_fingerprints: tuple[str, ...]
    """Known block pages that count in this country."""
    http_fingerprints_abroad: tuple[str, ...]
    """Known block pages of another country: reported, confirming nothing."""
    fingerprints_broad: tuple[str, ...]
    """Matches too broad to say that it is a block page."""
    fingerprints_vetoed: tuple[str, ...]
    """Matches that a known false positive takes back."""
    http_goodput_bps: float | None
    """Payload bits a second from the first byte to the last; null where there is nothing to compare with."""
    http_goodput_other_bps: float | None
    """The same, of another name or a reference download over the same network."""
    http_goodput_control_bps: float | None
    """The same, of the page as the control got it."""
    throttle_kind: str
    """Method that held its bytes back: `policing` (dropped above a rate), `shaping` (queued), or empty."""
    tls_handshake_ms: float | None
    """Time of the fastest handshake; null where there is nothing to compare with."""
    tls_handshake_other_ms: float | None
    """The same, with another name."""

    endpoints_ok: tuple[str, ...]
    """Endpoints of an application that could be used, as `group/name`."""
    endpoints_failed: tuple[str, ...]
    """Endpoints that could not."""
    groups_ok: tuple[str, ...]
    """Groups of which some endpoint could be used: one of each group is enough."""
    groups_failed: tuple[str, ...]
    """Groups of which none could."""
    groups_fate: tuple[str, ...]
    """Step and ending of the failures of those groups' endpoints: `tcp.timeout`, `tls.reset`, ..."""
    groups_tries: int
    """Tries of endpoints of those groups."""
    failures: tuple[str, ...]
    """Distinct failures met, in df-007 words, sorted."""
    outcome_failure: str | None
    """Failure that a nettest without a control reports of itself."""
    outcome_success: bool | None
    outcome_tampered: bool | None
    http_length_like: bool | None = None
    """The lengths are alike, as far as they can tell: of short pages, only where they are nearly equal."""
    http_fingerprints_weak: tuple[str, ...] = ()
    """Known words that prove little alone, in a page that is known not to be the control's."""
    fingerprints_quoted: tuple[str, ...] = ()
    """Matches in the control's own page, or where an ordinary page may hold the words; confirming nothing."""
    fingerprint_context: str = ""
    """The deciding match with the text around it, after its place (`body`, `header.location`)."""
    dns_bogon_names: tuple[str, ...] = ()
    """Names that the network's own resolver answered with private or reserved addresses alone, for nettests
    with many names; those that the specification ignores are left out."""
    tls_device_authority: str = ""
    """Program on the probe's own device (antivirus, parental control) that opened the TLS connections; else
    empty. Its handshakes count neither for nor against anybody."""
    page_by_other_route: bool = False
    """The page came, but only from an address that the network's own resolver did not give, which gave none
    that worked: whoever asks that resolver does not get the page."""
    chosen_resolver: str = ""
    """Operator of the resolver that a person chose, where its false or missing answers say nothing of the
    network; else empty."""
    resolver_kind: str = "unknown"
    """Kind of the resolver that the probe's system asked: `network`, `public` or `unknown`."""
    received_at: datetime | None = None
    """Start of the hour in which it was received; null where unknown."""
    source_class: SourceClass = SourceClass.OONI
    """Class of its source (docs/trust.md)."""
    receipt_voice: str = ""
    """Keyed hash that stands for its sender for some days; empty where there is none."""
    origin_agrees: bool | None = None
    """Whether it names the country and network that it was sent from; null where unknown."""
    addresses_ok: tuple[str, ...] = ()
    """Genuine addresses of the last redirect's name where every connect and handshake went well."""
    addresses_failed: tuple[str, ...] = ()
    """Genuine addresses where one failed, a second try included, while the control got through."""
    addresses_fate: tuple[str, ...] = ()
    """Step and ending of these failures: `tcp.timeout`, `tls.reset`, ..."""
    dns_family_failure: str | None = None
    """Failure of the network's own resolver for IPv4 or for IPv6 addresses alone, where it gave some of the
    other kind, and the name has both."""
    http_forged_redirect: bool = False
    """The input's own unencrypted redirect off the site came from somebody else's address, too."""
    http_encrypted_twin: str = ""
    """Fate of the same page inside TLS, at the address that refused it unencrypted: `http.ok`,
    `http.refused`, or how the connection ended where the control's did not (`tcp.timeout`, `tls.reset`, ...);
    else empty."""
    throttle_slowdown: float | None = None
    """How many times faster its twin was downloaded, by what the kernel saw of both; null where nothing was
    compared."""
    tls_clear_text: int = 0
    """Handshakes at genuine addresses that were answered with something else than TLS."""
    dns_host_answers_alike: bool = False
    """The false address gave the very same response to an innocent name."""
    groups_partly: tuple[str, ...] = ()
    """Groups of which some endpoints failed and some did not, as `access points: 4 of 6` (that failed)."""
    groups_partly_fate: tuple[str, ...] = ()
    """Step and ending of those failures."""
    endpoints_lost_share: float | None = None
    """Largest share of endpoints that failed: of a group with a list that its operator keeps, or of all."""
    endpoints_lost_of: int = 0
    """Number of endpoints that this is a share of."""
    site_answered: bool = False
    """The site itself answered: over TLS that was verified, or with the control's own page."""
    answer_marks: tuple[str, ...] = ()
    """Marks of what answered in its place, as `redirect:HOST`, `title:TEXT`, `body:HASH`, `certificate:HASH`,
    `address:IP`: equal ones at many sites show one gateway."""
    report_alike: bool = False
    """Every site of the measurement's report was answered alike, by something that is none of them."""
    dns_nowhere_outside: bool = False
    """The control says that there is no such name; an outside resolver, asked in the clear, gave one."""
    page_prefix: str = ""
    """Addresses around the one from which the site's own page of 16 KiB or more came: its /24, in IPv6 its
    /48. Empty where no such page came, or its rate is not known."""
    page_kbit_s: int | None = None
    """Rate of that page, from the request to the last byte: exact where it came slowly and evenly, else
    rounded down to a power of two."""
    page_paced: bool = False
    """It came at less than 256 kbit/s, and evenly."""
    http_goodput_control_other_bps: float | None = None
    """Rate at which the other name's page came to the control: a control may be slow for every page."""
    report_fast_kbit_s: int | None = None
    """Rate of the fastest page of another target at the same prefix, in the same report."""
    report_paced_sites: int = 0
    """Targets of the report, this one included, that came evenly at nearly the same rate, each with a far
    faster one beside it at its prefix."""
