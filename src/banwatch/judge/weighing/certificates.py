"""Who signed a certificate."""

import warnings
from functools import lru_cache

from cryptography import x509


@lru_cache(maxsize=4096)
def is_self_signed(der: bytes) -> bool:
    """Whether a certificate names itself as its issuer; False for what is no certificate."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd certificates are data here, not somebody's mistake
            certificate = x509.load_der_x509_certificate(der)
        return certificate.issuer == certificate.subject
    except ValueError:
        return False
