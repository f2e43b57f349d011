"""Mechanisms: dotted paths `<layer>.<action>.<qualifier>`, after OONI's mechanism taxonomy v1.

Every prefix of a mechanism is a valid, less specific answer; the deepest node that the evidence supports is
the right one. Ids are append-only: none is removed or given a new meaning.
"""

from collections.abc import Iterable

LEAVES = (
    "dns.injection.blockpage",
    "dns.injection.bogon",
    "dns.injection.other",
    "dns.nxdomain",
    "dns.refused",
    "dns.servfail",
    "dns.timeout",
    "ip.unreachable",
    "tcp.reset",
    "tcp.timeout",
    "tcp.refused",
    "tls.reset.sni",
    "tls.reset.other",
    "tls.timeout.sni",
    "tls.timeout.other",
    "tls.alert",
    "tls.eof",
    "tls.mitm.self_signed",
    "tls.mitm.ca_signed",
    "tls.throttle.sni",
    "quic.timeout",
    "quic.reset",
    "http.blockpage",
    "http.redirect",
    "http.error",
    "http.tamper",
    "http.eof",
    "http.reset.host",
    "http.timeout",
    "http.throttle.host",
    "network.shutdown",
)


def ancestors(mechanism: str) -> tuple[str, ...]:
    """List a path's prefixes from the layer down to itself: `a.b.c` gives `a`, `a.b`, `a.b.c`."""
    parts = mechanism.split(".")
    return tuple(".".join(parts[: depth + 1]) for depth in range(len(parts)))


NODES = frozenset(node for leaf in LEAVES for node in ancestors(leaf))
"""Every valid mechanism, leaves and prefixes."""


def deepest(mechanisms: Iterable[str]) -> tuple[str, ...]:
    """Drop every path that is a prefix of another one; sorted, each once."""
    found = set(mechanisms)
    if len(found) < 2:
        return tuple(found)
    return tuple(sorted(m for m in found if not any(other.startswith(m + ".") for other in found)))


def hierarchical_overlap(predicted: Iterable[str], true: Iterable[str]) -> tuple[int, int, int]:
    """Count the nodes of two sets of paths: in both, in the predicted one, in the true one.

    Hierarchical precision is the first over the second, recall the first over the third (Kiritchenko et al.
    2005): a shallower answer costs recall, a wrong branch costs precision.
    """
    predicted_nodes = {node for m in predicted for node in ancestors(m)}
    true_nodes = {node for m in true for node in ancestors(m)}
    return len(predicted_nodes & true_nodes), len(predicted_nodes), len(true_nodes)
