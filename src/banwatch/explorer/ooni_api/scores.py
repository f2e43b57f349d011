"""Verdicts as rows of OONI's API: flags, and scores with our own state and mechanisms under `analysis`."""

from typing import Any

from banwatch.model.state import Layer, State
from banwatch.model.verdict import Verdict
from banwatch.store.counting.flagged import flags_of

_BLOCKING_TYPES = {
    Layer.DNS: "dns",
    Layer.NETWORK: "tcp_ip",
    Layer.IP: "tcp_ip",
    Layer.TCP: "tcp_ip",
    Layer.TLS: "http-failure",
    Layer.QUIC: "http-failure",
    Layer.HTTP: "http-failure",
}
"""OONI's words for the layer of an anomaly; it has no word for TLS and QUIC of their own."""
_OTHER_PAGE = frozenset({"http.blockpage", "http.redirect"})


def blocking_type_of(layer: str | None, mechanisms: tuple[str, ...] = ()) -> str:
    """Return OONI's `blocking_type` of a layer; empty where it has none."""
    if any(one.startswith(tuple(_OTHER_PAGE)) for one in mechanisms):
        return "http-diff"
    return _BLOCKING_TYPES.get(Layer(layer), "") if layer else ""


def scores_of(verdict: Verdict) -> dict[str, Any]:
    """Make `scores`: 1 where it is confirmed or somebody interfered, 0.5 where the cause is not clear."""
    confirmed, anomaly, _ = flags_of(verdict.state, verdict.test_name)
    general = 1.0 if verdict.state.accuses else 0.5 if anomaly else 0.0
    analysis: dict[str, Any] = {
        "state": verdict.state,
        "mechanisms": list(verdict.mechanisms),
        "sentence": verdict.sentence,
        "rules": list(verdict.rules),
        "ruleset": verdict.ruleset,
    }
    if confirmed or anomaly:
        blocking_type = blocking_type_of(verdict.layer, verdict.mechanisms)
        if blocking_type:
            analysis["blocking_type"] = blocking_type
    return {
        "blocking_general": general,
        "blocking_global": 0.0,
        "blocking_country": 1.0 if verdict.state is State.BLOCKED else 0.0,
        "blocking_isp": 0.0,
        "blocking_local": 0.0,
        "analysis": analysis,
    }
