"""Rules about slowness that singles a name out."""

from banwatch.judge.rules.parts.phrases import host
from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.thresholds import (
    CONTROL_ALIKE_RATIO,
    HANDSHAKE_FLOOR_MS,
    HANDSHAKE_RATIO,
    PACED_SITES,
    THROTTLE_CONTROL_RATIO,
    THROTTLE_FLOOR_BPS,
    THROTTLE_MARKED_CONTROL_RATIO,
    THROTTLE_MARKED_RATIO,
    THROTTLE_RATIO,
)
from banwatch.model.evidence import Evidence
from banwatch.model.fate import Ending
from banwatch.model.ids import RuleId
from banwatch.model.nettest import NettestKind
from banwatch.model.path import ThrottleKind
from banwatch.model.state import Layer, State

_WEB = frozenset({NettestKind.WEB})
_KILO = 1000


def _interfered_before(e: Evidence) -> bool:
    """Whether lookups, connects or handshakes of the same site failed: then something else acted already."""
    cuts = e.tcp_timeout + e.tcp_reset + e.tcp_refused + e.tls_timeout + e.tls_reset + e.tls_eof + e.tls_alert
    return e.dns_system_unvouched or e.dns_system_failure is not None or bool(e.dns_bogons) or cuts > 0


def _held_back(e: Evidence) -> bool:
    """Whether a page did not arrive in time, and came in drops that show the marks of a rate's limit.

    Inside TLS nothing of it may have been readable: the kernel's counts of both transfers tell all the same.
    """
    if e.http_kind != Ending.TIMEOUT or not e.throttle_kind or e.http_goodput_bps is not None:
        return False
    control = e.http_goodput_control_bps
    return (
        (e.throttle_slowdown or 0) >= THROTTLE_RATIO and control is not None and control > THROTTLE_FLOOR_BPS
    )


def _is_marked(e: Evidence, ours: float, other: float, control: float | None) -> bool:
    """Whether two pairs of transfers differ, the second with the kernel's marks of a rate's limit.

    A loaded machine slows another name's transfers and the control's; it leaves no such marks on one name.
    """
    if not e.throttle_kind or min(other / ours, e.throttle_slowdown or 0) < THROTTLE_MARKED_RATIO:
        return False
    if control is not None and control >= ours * THROTTLE_MARKED_CONTROL_RATIO:
        return True
    return _is_control_slow(e)


def _is_control_slow(e: Evidence) -> bool:
    """Whether the other page came as slowly to the control: then its rate says nothing of the site."""
    page, twin = e.http_goodput_control_bps, e.http_goodput_control_other_bps
    return page is not None and twin is not None and twin < page * CONTROL_ALIKE_RATIO


def slowed_download(e: Evidence) -> bool:
    """Whether a page came far more slowly than others over the same network, and to the control."""
    if _held_back(e):
        return True
    ours, other, control = e.http_goodput_bps, e.http_goodput_other_bps, e.http_goodput_control_bps
    if ours is None or other is None or ours >= THROTTLE_FLOOR_BPS:
        return False
    if _is_marked(e, ours, other, control):
        return True
    if other <= ours * THROTTLE_RATIO:
        return False
    if control is None:  # a slow site beside a block is told from a slowed one by a policer's pattern alone
        return e.throttle_kind == ThrottleKind.POLICING or not _interfered_before(e)
    return control > ours * THROTTLE_CONTROL_RATIO


_HELD_BACK: dict[str, str] = {
    ThrottleKind.POLICING: "; what exceeds a rate is dropped",
    ThrottleKind.SHAPING: "; what exceeds a rate waits in a queue",
}


def _slowed_handshake(e: Evidence) -> bool:
    ours, other = e.tls_handshake_ms, e.tls_handshake_other_ms
    return (
        ours is not None
        and other is not None
        and ours > HANDSHAKE_FLOOR_MS
        and ours > other * HANDSHAKE_RATIO
    )


def is_paced(e: Evidence) -> bool:
    """Whether a page was held back as several of its report were, and another from its prefix was not."""
    return e.page_paced and e.report_fast_kbit_s is not None and e.report_paced_sites >= PACED_SITES


SPEED_RULES: tuple[Rule, ...] = (
    Rule(
        id=RuleId("http.slowed"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "the page came ten times slower than another name's over the same network (four times, twice, "
            "where the kernel's counts show a limit of the rate), under 256 kbit/s or not in time, and not "
            "nearly as slowly to the control"
        ),
        holds=slowed_download,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.throttle.sni, http.throttle.host",
        mechanisms=lambda e: ("tls.throttle.sni",) if e.http_encrypted else ("http.throttle.host",),
        why="congestion slows every name alike",
        source="Xue et al. 2021 (throttling of Twitter)",
        pitfall=(
            "A congested network or a slow site would be accused. Another name must be ten times faster "
            "over the same network, and the control at least three times."
        ),
        sentence=lambda e: (
            f"{host(e)} did not come in time, and another name {e.throttle_slowdown or 0:.0f} times faster "
            f"over the same network{_HELD_BACK.get(e.throttle_kind, '')}."
            if _held_back(e)
            else f"{host(e)} came at {(e.http_goodput_bps or 0) / _KILO:.0f} kbit/s, another name at "
            f"{(e.http_goodput_other_bps or 0) / _KILO:.0f} kbit/s over the same "
            f"network{_HELD_BACK.get(e.throttle_kind, '')}."
        ),
    ),
    Rule(
        id=RuleId("http.paced"),
        layer=Layer.HTTP,
        kinds=_WEB,
        condition=(
            "the page came evenly at less than 256 kbit/s, and in the same report another site's page ten "
            "times faster from the same prefix (/24, IPv6 /48); three sites or more of the report at nearly "
            "one rate"
        ),
        holds=is_paced,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.throttle.sni, http.throttle.host",
        mechanisms=lambda e: ("tls.throttle.sni",) if e.http_encrypted else ("http.throttle.host",),
        why="one limit gives one rate; a slow server makes its pages late or in heaps, a slow line slows all",
        source="Xue et al. 2021 (throttling of Twitter)",
        pitfall=(
            "A slow server or a line that is slow for a while would be accused. The bytes must come evenly, "
            "a neighbour of the server must be ten times faster in the same report, and three sites must be "
            "held at nearly one rate: slow sites each have a rate of their own."
        ),
        sentence=lambda e: (
            f"{host(e)} came evenly at {e.page_kbit_s} kbit/s, as {e.report_paced_sites - 1} other sites of "
            f"this report did, and a page from the same prefix at {e.report_fast_kbit_s} kbit/s or more."
        ),
    ),
    Rule(
        id=RuleId("tls.slowed"),
        layer=Layer.TLS,
        kinds=_WEB,
        condition=(
            "the TLS handshake took ten times as long as another name's at the same address, and over 3 s"
        ),
        holds=_slowed_handshake,
        state=State.LIKELY_BLOCKED,
        mechanism="tls.throttle.sni",
        mechanisms=lambda e: ("tls.throttle.sni",),
        why="packets of one name's handshake are delayed",
        source="net4people/bbs#382",
        pitfall=(
            "A loaded server would be accused. Another name at the same address must shake hands ten times "
            "faster."
        ),
        sentence=lambda e: (
            f"The TLS handshake with {host(e)} took {(e.tls_handshake_ms or 0) / _KILO:.1f} s, with another "
            f"name {(e.tls_handshake_other_ms or 0) / _KILO:.1f} s at the same address."
        ),
    ),
)
