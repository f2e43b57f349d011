"""Settings of alerts: channels that carry messages, and rules that say which incidents go where."""

from datetime import timedelta
from typing import Annotated

import msgspec

from banwatch.model.duration import DURATION_PATTERN, parse_duration
from banwatch.model.incident import IncidentKind

ChannelName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
CountryText = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]
NetworkText = Annotated[str, msgspec.Meta(pattern=r"^AS[0-9]{1,10}$")]
Duration = Annotated[str, msgspec.Meta(pattern=DURATION_PATTERN)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Way by which messages leave: an Apprise address with one recipient, or a signed webhook."""

    name: ChannelName
    """Name in rules, logs and metrics: lower-case letters, digits, `-` and `_`."""
    address: str = ""
    """Apprise address, such as `tgram://TOKEN/CHAT` or `mailto://...`; it may have one recipient alone."""
    address_file: str = ""
    """File that holds the address, so that a token need not stand in the settings."""
    webhook: str = ""
    """Address that gets signed JSON by POST, in place of an Apprise address."""
    secret: str = ""
    """Secret of the webhook: `whsec_` and 24 to 64 bytes in base64 (`banwatch alerts secret` makes one)."""
    secret_file: str = ""
    """File that holds the webhook's secret."""
    picture: bool = True
    """Whether messages carry a chart, where the channel can."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Condition on incidents, and the channels that hear of those that meet it.

    An empty list lets all through.
    """

    channels: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Names of the channels."""
    countries: tuple[CountryText, ...] = ()
    """Countries, such as `["KP", "IR"]`."""
    networks: tuple[NetworkText, ...] = ()
    """Networks, such as `["AS131279"]`; one of the incident's is enough."""
    targets: tuple[str, ...] = ()
    """Targets, such as `["youtube.com"]`; one of the incident's is enough."""
    bans: tuple[str, ...] = ()
    """Announced bans, by id; the incident shows what one of them announced."""
    kinds: tuple[IncidentKind, ...] = ()
    """Kinds of incident: `blocking`, `shutdown`."""
    min_confidence: Share = 0.0
    """Least confidence, 0 to 1."""
    min_targets: Count = 1
    """Least number of targets; a shutdown counts as one."""
    min_networks: Count = 1
    """Least number of networks."""
    updates: bool = True
    """Whether messages follow when the incident grows or ends; that it was withdrawn is always said."""


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages about incidents."""

    channels: tuple[Channel, ...] = ()
    """Ways by which messages leave, each a table `[[alerts.channels]]`."""
    rules: tuple[Rule, ...] = ()
    """Which incidents go where, each a table `[[alerts.rules]]`."""
    max_age: Duration = "7d"
    """Age past which an incident is history: one that was last seen before is not announced."""
    update_every: Duration = "1h"
    """Shortest time between two messages that an incident grew, on one channel."""
    silent_after: Duration = "6h"
    """Time of failing after which a channel is reported as silent, by the other channels and by `/readyz`."""
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 30
    """Time in seconds that one message may take."""

    @property
    def max_age_delta(self) -> timedelta:
        """`max_age` as a duration."""
        return parse_duration(self.max_age)

    @property
    def update_every_delta(self) -> timedelta:
        """`update_every` as a duration."""
        return parse_duration(self.update_every)

    @property
    def silent_after_delta(self) -> timedelta:
        """`silent_after` as a duration."""
        return parse_duration(self.silent_after)
