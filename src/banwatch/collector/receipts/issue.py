"""Receipts of submissions: the class of their source, a voice in place of the sender, and the origin."""

import hashlib
import ipaddress
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from banwatch import reference
from banwatch.collector.credentials.voice_book import VoiceBook
from banwatch.collector.receipts.source_keys import SourceKey, class_of_token
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY, Asn, CountryCode
from banwatch.model.receipt import Receipt, SourceClass, hour_of_receipt
from banwatch.model.reference import Reference

VOICE_KEY_S = 24 * 3600
"""Life of the key of voices, which is random and only in memory: what it hashed cannot be traced after that.

A day is as long as detection counts the votes of one voice together."""
_VOICE_BYTES = 8
_IPV4_VOICE_BITS, _IPV6_VOICE_BITS = 24, 48
"""Part of an address that is one voice: who has one address of it mostly can have them all."""


class Receipts:
    """Makes the receipts of submissions; the address of a client leaves it only as a keyed hash.

    Args:
        keys: of the sources that have a class of their own.
        clock: monotonic time in seconds.
        voices: book of the pseudonyms that were verified; None where there are none.
    """

    def __init__(
        self,
        keys: tuple[SourceKey, ...] = (),
        clock: Callable[[], float] = time.monotonic,
        voices: VoiceBook | None = None,
    ) -> None:
        self._keys = keys
        self._voices = voices
        self._clock = clock
        self._renew()

    def _renew(self) -> None:
        self._voice_key = secrets.token_bytes(32)
        self._renewed_at = self._clock()

    @cached_property
    def _reference(self) -> Reference:
        return reference.load()

    def is_named(self, token: str) -> bool:
        """Whether a token is that of a named source."""
        return class_of_token(token, self._keys) is not SourceClass.ANONYMOUS

    def issue(
        self,
        *,
        address: str,
        token: str,
        country: CountryCode,
        asn: Asn,
        received_at: datetime,
        nym: str = "",
    ) -> Receipt:
        """Make a receipt.

        Args:
            address: of the client; empty where it has none.
            token: that the client sent; empty where it sent none.
            country: that the measurement names.
            asn: that the measurement names.
            received_at: time of receipt, of which the hour is kept.
            nym: pseudonym that was verified; empty where there is none.
        """
        source_class = class_of_token(token, self._keys)
        agrees = self._agrees(address, country, asn)
        if source_class in (SourceClass.OWN, SourceClass.PARTNER):
            voice = ""
        else:
            voice = self._voice_of(address)
            if nym and self._voices is not None:
                heard = self._voices.hear(nym, address, origin_agrees=agrees)
                if heard.grown:
                    source_class, voice = SourceClass.VERIFIED, heard.voice
        return Receipt(
            received_at=hour_of_receipt(received_at),
            source_class=source_class,
            voice=voice,
            origin_agrees=agrees,
        )

    def _voice_of(self, address: str) -> str:
        if self._clock() - self._renewed_at > VOICE_KEY_S:
            self._renew()
        ip = _parse(address)
        if ip is None:
            return ""  # a socket without addresses: the claims of the measurement are all there is
        bits = _IPV4_VOICE_BITS if ip.version == 4 else _IPV6_VOICE_BITS
        network = ipaddress.ip_network((ip, bits), strict=False).network_address.packed
        return hashlib.blake2b(network, key=self._voice_key, digest_size=_VOICE_BYTES).hexdigest()

    def _agrees(self, address: str, country: CountryCode, asn: Asn) -> bool | None:
        """Compare country and network with those of an address; None where either is unknown."""
        ip = _parse(address)
        if ip is None or not ip.is_global or country == UNKNOWN_COUNTRY or asn == UNKNOWN_ASN:
            return None
        network = self._reference.network_of(str(ip))
        if network is None or not network.asn:
            return None
        return network.asn == asn and network.country in ("", UNKNOWN_COUNTRY, country)


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
