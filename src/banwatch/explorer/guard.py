"""Guard in front of every route: hosts, origins, headers of every answer, and errors in one line.

The guard knows no page. What it refuses has the same headers as any other answer.
"""

import hashlib
import ipaddress
import logging
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from banwatch.net.http.clients import Proxies
from banwatch.pages.render import CONTENT_POLICY, EMBED_POLICY, FRAME_POLICY

_log = logging.getLogger(__name__)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_TAGGED_BYTES = 4 << 20
"""Longest answer that gets an `ETag`; it is held while its hash is made."""

SECURITY_HEADERS = {
    "Content-Security-Policy": f"{CONTENT_POLICY}; {FRAME_POLICY}",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FORM_HEADERS = {
    "Referrer-Policy": "same-origin",  # else browsers omit the Origin by which a form of ours is recognised
    "Cache-Control": "no-store",
}
_EMBED_HEADERS = {
    "Content-Security-Policy": f"{CONTENT_POLICY}; {EMBED_POLICY}",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_EMBEDDABLE = ("/countries/", "/networks/", "/targets/", "/incidents/", "/bans/", "/explore")
"""Pages that may stand within a page of another site, where they are asked for with `embed=1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAddress:
    """Names by which the site may be asked for, and its own address for links that must be absolute."""

    names: tuple[str, ...] = ()
    """Host names that an operator gave; addresses and `localhost` are always among them."""
    public_url: str = ""
    """Address of the site, without a slash at its end; empty where links are relative."""

    def allows(self, host: str) -> bool:
        """Whether a `Host` header names this site.

        A page of another site can make a browser ask for a name of its own that leads here, and read the
        answer; for a bare address it cannot. So addresses pass, and names have to be listed.
        """
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name == "localhost" or name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def site_address(public_url: str, names: Iterable[str]) -> SiteAddress:
    """Make the address of a site from its public URL and further names."""
    host = (urlsplit(public_url).hostname or "") if public_url else ""
    found = [name.lower().rstrip(".") for name in (host, *names) if name]
    return SiteAddress(names=tuple(found), public_url=public_url.rstrip("/"))


class Guard:
    """ASGI middleware in front of an app.

    Args:
        app: what is guarded.
        site: names of the site.
        proxies: reverse proxies, of which the client's address is taken.
        form_path: path of the readers' form, which has a policy of its own.
    """

    def __init__(self, app: ASGIApp, site: SiteAddress, proxies: Proxies, form_path: str) -> None:
        self._app = app
        self._site = site
        self._proxies = proxies
        self._form_path = form_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        client = self._proxies.client_of(peer, headers.getlist("x-forwarded-for"))
        is_head = scope["method"] == "HEAD"
        scope = {**scope, "client": (client, 0), "method": "GET" if is_head else scope["method"]}
        answer = _Answer(
            send,
            headers,
            is_form=scope["path"] == self._form_path,
            is_head=is_head,
            is_embedded=_is_embedded(scope),
        )
        refused = self._refusal(scope["method"], headers)
        try:
            if refused is not None:
                await refused(scope, receive, answer.send)
                return
            await self._app(scope, receive, answer.send)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            # neither the request nor the error's text is logged: both are a stranger's
            _log.error("an answer failed: %s in %s:%s", type(error).__name__, frame.name, frame.lineno)
            if answer.started:
                raise ConnectionError("the answer broke off") from None
            await PlainTextResponse("This did not work.", 500)(scope, receive, answer.send)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._site.allows(hosts[0]):
            said = "This is not the name of this site; its operator lists names with --name."
            return PlainTextResponse(said, 421)
        if method not in _READING and not _is_same_origin(headers, hosts[0]):
            return PlainTextResponse("It was not sent from this site's own pages.", 403)
        return None


def _is_embedded(scope: Scope) -> bool:
    """Whether a page is asked for as a part of others: the readers' form and the API never are."""
    return b"embed=1" in scope["query_string"].split(b"&") and scope["path"].startswith(_EMBEDDABLE)


def _is_same_origin(headers: Headers, host: str) -> bool:
    """Whether no other site's page made a browser send a request; programs send neither header."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False


class _Answer:
    """Answer on its way out: gets its headers, its `ETag`, and no body where only the head was asked for."""

    def __init__(
        self, send: Send, asked: Headers, *, is_form: bool, is_head: bool, is_embedded: bool
    ) -> None:
        self._send = send
        self._asked = asked
        self._is_form = is_form
        self._is_head = is_head
        self._is_embedded = is_embedded
        self._start: Message | None = None
        self._held: list[bytes] = []
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY_HEADERS)
            if self._is_form:
                headers.update(_FORM_HEADERS)
            elif self._is_embedded:
                headers.update(_EMBED_HEADERS)
            headers.add_vary_header("Origin")
            headers.add_vary_header("Sec-Fetch-Site")
            self._start = message
            if not self._is_tagged(message, headers):
                await self._begin()
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self.started:
            await self._send({**message, "body": b"" if self._is_head else body})
            return
        self._held.append(body)
        if more and sum(map(len, self._held)) <= _MAX_TAGGED_BYTES:
            return
        whole = b"".join(self._held)
        if not more:
            whole = self._tag(whole)
        await self._begin()
        await self._send({**message, "body": b"" if self._is_head else whole})

    def _is_tagged(self, message: Message, headers: MutableHeaders) -> bool:
        if message["status"] != 200 or headers.get("cache-control") == "no-store" or "etag" in headers:
            return False
        length = headers.get("content-length", "0")
        return length.isdecimal() and int(length) <= _MAX_TAGGED_BYTES

    def _tag(self, body: bytes) -> bytes:
        """Add the `ETag` of a body; leave the body out where the client has it."""
        assert self._start is not None
        headers = MutableHeaders(scope=self._start)
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers["ETag"] = tag
        if "cache-control" not in headers:
            headers["Cache-Control"] = "no-cache"
        if tag in (one.strip().removeprefix("W/") for one in self._asked.get("if-none-match", "").split(",")):
            self._start["status"] = 304
            del headers["content-length"]
            return b""
        return body

    async def _begin(self) -> None:
        assert self._start is not None
        self.started = True
        await self._send(self._start)
