"""Types of the facts that are read from a measurement line."""

import msgspec

from banwatch.model.control import Control
from banwatch.model.failure import Failure
from banwatch.model.measurement import Measurement
from banwatch.model.observation import Observation, Step


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Result that a nettest without a control states for itself; null where it states none."""

    failure: str | None = None
    """The nettest's own failure, in df-007 words."""
    success: bool | None = None
    """Whether it reached what it is for: a bootstrap, a handshake, an untampered answer."""
    tampered: bool | None = None
    """Middlebox nettests: whether what came back was not what was sent."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Host or service that an application needs, and how far it could be used."""

    group: str
    """Of the endpoints of a group one is enough; of the groups of an application each is needed."""
    name: str
    step: Step | None = None
    """The lowest step that failed; null where the endpoint could be used."""
    failure: Failure | None = None
    tries: int = 1
    """Number of times that step was tried."""


class Connection(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """State of a TCP connection in the probe's kernel when the connection ended."""

    transaction_id: int
    ip: str
    min_rtt_ms: float | None = None
    bytes_acked: int | None = None
    """Payload that the other side acknowledged."""
    resets_ignored: int | None = None
    """Resets that came while it was made to outlive them; null where it was not."""
    follow_up: str | None = None


class Located(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Distance in hops of a forger of answers, of a censor that cuts handshakes, or of the server."""

    step: str
    """`dns`, `resolver`, `tls`, `tcp`, `syn`: see docs/probe.md."""
    ip: str
    """Address that the packets were sent to."""
    hops: int


class Observed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A measurement, its facts and its control."""

    measurement: Measurement
    observations: tuple[Observation, ...]
    control: Control | None
    control_failure: str | None
    """Why there is no control, in df-007 words; null where there is one, or none was due."""
    probe_id: str
    """The pseudonym that the probe gives itself; empty where it gives none."""
    control_path: str = ""
    """`in-band` or `out-of-band` where the probe says by which path the control travelled."""
    probe_lag_s: float | None = None
    """Longest time that the probe's own machine kept it from running; null where it does not say."""
    slowest_step: float | None = None
    """The largest share of its time-out that a step which succeeded took, 0 to 1."""
    timeouts_s: tuple[tuple[str, float], ...] = ()
    """Time-outs in force, by step, where the probe says; OONI's are 4 s for DNS and 10 s for the rest."""
    network_type: str = ""
    """Connection of the probe, where it states one: `wifi`, `mobile`, `vpn`, ..."""
    resolver_answered: bool = False
    """The system's resolver answered for a name that nobody blocks (OONI's `x_dns_whoami`)."""
    proxied: bool = False
    """The measurement went through a SOCKS proxy or a circumvention tool (`socksproxy`, `tunnel`)."""
    outcome: Outcome = Outcome()
    connections: tuple[Connection, ...] = ()
    located: tuple[Located, ...] = ()
    throttle_kind: str = ""
    """Kind of throttling of the page, where the probe could tell: `policing`, `shaping`, or empty."""
    download_slowdown: float | None = None
    """How many times faster the twin of a slow page came, by what the kernel saw of both transfers."""
    control_goodput_bps: float | None = None
    """Rate at which the page came to the control."""
    control_twin_goodput_bps: float | None = None
    """Rate at which the twin of a slow page came to the control."""
    endpoints: tuple[Endpoint, ...] = ()
    """Endpoints that messaging and circumvention nettests need."""
