"""Ids of measurements in OONI's shape, which begin with the time of receipt."""

import re
from datetime import UTC, datetime

from banwatch.model.receipt import hour_of_receipt

_ARRIVED = re.compile(r"([0-9]{14})\.([0-9]{6})_", re.ASCII)


def arrival_in_uid(uid: str) -> datetime | None:
    """Return the time that an id begins with; None where there is none.

    Example: `20210113104523.123456_UG_webconnectivity_0123456789abcdef`.
    """
    found = _ARRIVED.match(uid)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[1] + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return None
    return at.astimezone(UTC).replace(microsecond=int(found[2]))


def receipt_hour_of(uid: str, started_at: datetime) -> datetime | None:
    """Return the hour of receipt that an id tells; None where it tells none.

    An id that was made from the measurement itself begins with its start, to the microsecond: no collector
    gave it, and it says nothing of the receipt.
    """
    at = arrival_in_uid(uid)
    return None if at is None or at == started_at else hour_of_receipt(at)
