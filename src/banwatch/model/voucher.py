"""Vouchers: what makes an address of a name genuine."""

from enum import StrEnum


class Voucher(StrEnum):
    """Reason to take an address for genuine (columns `dns_vouched_by`, `dns_expected_by`)."""

    CONTROL = "control"
    """The control got the address, or completed TLS for the name there."""
    ENCRYPTED = "encrypted"
    """A resolver inside TLS or HTTPS gave the address, from the same network."""
    AS = "as"
    """The address lies in an AS of the addresses that the control or an encrypted resolver got."""
    CERTIFICATE = "certificate"
    """A handshake there showed a certificate that is valid for the name."""
