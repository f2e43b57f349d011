"""TLS contexts of the world's servers: made at first use, kept for the life of the process."""

import ssl
import tempfile
from collections.abc import Callable, Sequence

from banwatch.lab.world.authority import certificate_pem, leaf_key_pem
from banwatch.lab.world.world import Address, Certificate, Resolver, Site

Names = Sequence[str]
_MOST_CONTEXTS = 4096
"""Contexts that are kept; a name beyond gets the certificate of the site that answers for any."""


class Credentials:
    """TLS contexts by name and address: certificate and protocols."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[str, tuple[str, ...], str], ssl.SSLContext] = {}

    def of_site(self, site: Site) -> ssl.SSLContext:
        """Make or find a site's context."""
        alpn = tuple(protocol for protocol in site.alpn if protocol != "h3")
        return self._context(site.names, (), site.certificate, alpn)

    def of_any_name(self, site: Site, name: str) -> ssl.SSLContext:
        """Make or find the context of a site that answers for any name, for the name that was asked."""
        if len(self._contexts) >= _MOST_CONTEXTS:
            return self.of_site(site)
        alpn = tuple(protocol for protocol in site.alpn if protocol != "h3")
        return self._context((name,), (), site.certificate, alpn, site.hostname)

    def of_resolver(self, resolver: Resolver, *, alpn: tuple[str, ...]) -> ssl.SSLContext:
        """Make or find a resolver's context; its certificate names its addresses too."""
        return self._context(resolver.names, resolver.addresses, Certificate.VALID, alpn)

    def of_helper(self, hostname: str, address: Address) -> ssl.SSLContext:
        """Make or find the helper's context."""
        return self._context((hostname,), (address,), Certificate.VALID, ("http/1.1",))

    def front(
        self, choose: Callable[[str], ssl.SSLContext | None], otherwise: Callable[[], ssl.SSLContext]
    ) -> ssl.SSLContext:
        """Make the context that a handshake begins with; the client's SNI then selects another.

        An unknown name gets the context of a client without SNI, as on most servers.
        """
        context = _new_context()

        def chosen(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            tls.context = (choose(name.lower()) if name else None) or otherwise()
            return None

        context.sni_callback = chosen
        return context

    def _context(
        self,
        names: Names,
        addresses: Sequence[Address],
        certificate: Certificate,
        alpn: tuple[str, ...],
        shown_by: str = "",
    ) -> ssl.SSLContext:
        key = (names[0], alpn, shown_by)
        if (context := self._contexts.get(key)) is None:
            context = self._contexts[key] = _new_context()
            with tempfile.NamedTemporaryFile(
                prefix="banwatch-"
            ) as file:  # OpenSSL loads a chain from a path only
                file.write(leaf_key_pem() + certificate_pem(names, addresses, certificate))
                file.flush()
                context.load_cert_chain(file.name)
            if alpn:
                context.set_alpn_protocols(list(alpn))
        return context


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0  # no resumption: every measurement is a new client
    return context
