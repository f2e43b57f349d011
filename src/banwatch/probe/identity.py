"""Ids of measurements and reports, in OONI's shapes."""

import hashlib
import random
from datetime import datetime

from banwatch.model.ids import Asn, CountryCode, MeasurementUid

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def make_report_id(at: datetime, test_name: str, cc: CountryCode, asn: Asn, rng: random.Random) -> str:
    """Name a report: `20160401T120000Z_webconnectivity_KP_131279_n1_<16 letters>`."""
    letters = "".join(rng.choice(_LETTERS) for _ in range(16))
    return f"{at:%Y%m%dT%H%M%SZ}_{test_name.replace('_', '')}_{cc}_{asn}_n1_{letters}"


def make_measurement_uid(at: datetime, test_name: str, cc: CountryCode, content: bytes) -> MeasurementUid:
    """Name a measurement: `20160401120000.000000_KP_webconnectivity_<16 hex of its content's SHA-512>`."""
    digest = hashlib.sha512(content).hexdigest()[:16]
    return MeasurementUid(f"{at:%Y%m%d%H%M%S.%f}_{cc}_{test_name.replace('_', '')}_{digest}")
