"""Further steps that settle what a first result leaves open. Each is tagged `follow_up=<name>`.

They run on the address that showed the trouble, one after another, while the measurement holds it.
"""

from banwatch.formats.ooni import wire
from banwatch.model import failure as df007
from banwatch.model.failure import CERTIFICATE_FAILURES, TIMEOUTS, UNKNOWN_FAILURE_PREFIX, Failure
from banwatch.net.endpoint import Endpoint
from banwatch.net.seam import Net, TlsSettings
from banwatch.net.target_url import TargetUrl
from banwatch.probe.settings import Settings
from banwatch.probe.steps.tcp import tcp_connect
from banwatch.probe.steps.tls import tls_handshake
from banwatch.probe.trace import Trace

_FIRST_ID = 60001
_CUT = frozenset({df007.CONNECTION_RESET, df007.EOF, df007.CONNECTION_ABORTED}) | TIMEOUTS
_REMOTE_ALERT = f"{UNKNOWN_FAILURE_PREFIX}remote error: tls:"
_ALPN = ("h2", "http/1.1")


def was_cut(failure: Failure | None) -> bool:
    """Whether a handshake ended as it does when somebody on the way cuts it."""
    if failure is None or failure in CERTIFICATE_FAILURES:
        return False
    return failure in _CUT or failure.startswith(_REMOTE_ALERT)


class FollowUps:
    """The follow-ups of one measurement.

    Args:
        net: the network that is measured.
        settings: whether to follow up at all, deadlines, the innocent name.
        trace: the measurement's.
        tcp_connects: where the records of connects go.
        tls_handshakes: where those of handshakes go.
    """

    def __init__(
        self,
        net: Net,
        settings: Settings,
        trace: Trace,
        tcp_connects: list[wire.TcpConnect],
        tls_handshakes: list[wire.TlsHandshake],
    ) -> None:
        self._net = net
        self._settings = settings
        self._trace = trace
        self._tcp_connects = tcp_connects
        self._tls_handshakes = tls_handshakes
        self._next_id = _FIRST_ID

    async def after_connect(
        self, url: TargetUrl, endpoint: Endpoint, connect: wire.TcpConnect, depth: int
    ) -> None:
        """Connect once more where the first attempt was lost: one lost packet must not accuse."""
        if not self._settings.follow_ups or connect.status is None or not connect.status.failure:
            return
        trace = self._begin("retry", depth)
        stream, record = await tcp_connect(
            self._net, endpoint, timeout_s=self._settings.timeouts.tcp_s, trace=trace
        )
        self._tcp_connects.append(record)
        if stream is not None:
            stream.close()

    async def after_handshake(
        self, url: TargetUrl, endpoint: Endpoint, handshake: wire.TlsHandshake, depth: int
    ) -> None:
        """Tell a blocked name from a blocked address where a handshake was cut."""
        if not self._settings.follow_ups or not was_cut(handshake.failure):
            return
        # the innocent name first: it shows most, and a censor that remembers has least to remember yet
        await self._shake_hands("other_name", self._settings.innocent_name, endpoint, depth)
        await self._shake_hands("retry", url.host, endpoint, depth)

    def _begin(self, name: str, depth: int) -> Trace:
        self._next_id += 1
        return self._trace.transaction(self._next_id - 1, f"depth={depth}", f"follow_up={name}")

    async def _shake_hands(self, name: str, server_name: str, endpoint: Endpoint, depth: int) -> None:
        trace = self._begin(name, depth)
        times = self._settings.timeouts
        stream, connect = await tcp_connect(self._net, endpoint, timeout_s=times.tcp_s, trace=trace)
        self._tcp_connects.append(connect)
        if stream is None:
            return
        tls, handshake = await tls_handshake(
            self._net,
            stream,
            endpoint,
            TlsSettings(server_name=server_name, alpn=_ALPN),
            roots=None,  # an innocent name has no business with this certificate
            at=self._settings.now(),
            timeout_s=times.tls_s,
            trace=trace,
        )
        self._tls_handshakes.append(handshake)
        if tls is not None:
            tls.close()
