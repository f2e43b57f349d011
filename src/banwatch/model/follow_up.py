"""Names of follow-ups: steps that the probe adds after a failure, to tell its causes apart."""

from enum import StrEnum

FOLLOW_UP_TAG = "follow_up"
"""Name of the tag of a step that says which follow-up made it."""


class FollowUp(StrEnum):
    """Name of a follow-up, as the tag `follow_up=<name>` of a step has it.

    Names that are not listed here survive in observations and settle nothing.
    """

    RETRY = "retry"
    """The same step once more, at once."""
    RETEST = "retest"
    """The same step once more, after a pause and with more patience."""
    OTHER_NAME = "other_name"
    """An innocent name at the same address."""
    OTHER_NAME_SOON = "other_name_soon"
    """The same, while the address may still be blocked for the name before."""
    OTHER_HOST = "other_host"
    """A plain request for an innocent name at the same address."""
    INNOCENT_ELSEWHERE = "innocent_elsewhere"
    """An innocent name at somebody else's address."""
    NAME_ELSEWHERE = "name_elsewhere"
    """The name at somebody else's address."""
    ENCRYPTED = "encrypted"
    """The same page inside TLS, at the same address."""
    NO_SNI = "no_sni"
    """A handshake without a name."""
    SPLIT_HELLO = "split_hello"
    """A handshake whose ClientHello is cut in two segments."""
    RESETS_IGNORED = "resets_ignored"
    """A connection that outlives resets."""
    SAY_NOTHING = "say_nothing"
    """A connection over which nothing is sent."""
    SIBLING = "sibling"
    """A lookup in the clear of a name below the target that cannot exist."""
    SIBLING_DOH = "sibling_doh"
    """The same lookup inside HTTPS."""
    MIXED_CASE = "mixed_case"
    """A lookup of the name in mixed case."""
    DOH = "doh"
    """A lookup of the name inside HTTPS."""
    NO_RESOLVER = "no_resolver"
    """A lookup at an address that runs no resolver."""
    INNOCENT_NAME = "innocent_name"
    """A lookup of an innocent name by the same resolver."""
    DNS_HOPS = "dns_hops"
    """Lookups that go only so many hops; so with the next three."""
    TCP_HOPS = "tcp_hops"
    TLS_HOPS = "tls_hops"
    SYN_HOPS = "syn_hops"
    THROUGHPUT = "throughput"
    """A download of the target's, to compare its rate."""
    THROUGHPUT_OTHER = "throughput_other"
    """The same of somebody else's, over the same network."""
    UPLOAD = "upload"
    """An upload to the target, to compare its rate."""
    UPLOAD_OTHER = "upload_other"
    HTTP3 = "http3"
    """The page over HTTP/3."""

    @property
    def tag(self) -> str:
        """The tag of a step that this follow-up made."""
        return f"{FOLLOW_UP_TAG}={self.value}"
