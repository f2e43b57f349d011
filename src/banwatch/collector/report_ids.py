"""Ids of reports for OONI's probes, which need no table: each carries a proof that it was issued here.

Wire: `20160401T120000Z_webconnectivity_KP_131279_n1_<24 letters>`, as OONI's; of the letters the first 12 are
random, the others are from a keyed hash of all before them.
"""

import hmac
import re
import secrets
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from banwatch.formats.ooni.decode import decode_untrusted, parse_time
from banwatch.model.errors import WireError
from banwatch.model.ids import parse_asn

OPEN_FOR = timedelta(hours=48)
"""Time that a report is open; OONI's probes open another for what they cannot submit within an hour."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HALF = 12
_SHAPE = re.compile(r"(\d{8}T\d{6}Z)_([a-z0-9]{1,64})_([A-Z]{2})_(\d{1,10})_n1_([A-Za-z0-9]{24})")
_CLOSED_KEPT = 100_000


class ReportIds:
    """Issues and recognises ids, also after a restart; closed ids are remembered until a restart."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._closed: OrderedDict[str, None] = OrderedDict()

    def give(self, test_name: str, cc: str, asn: int, now: datetime) -> str:
        """Make an id."""
        return self._made(test_name, cc, asn, now, "".join(secrets.choice(_LETTERS) for _ in range(_HALF)))

    def give_for(self, content: bytes) -> str:
        """Make the id of a report of one measurement: the same content gives the same id.

        Raises:
            WireError: the content is no measurement.
        """
        wire = decode_untrusted(content)
        at = parse_time(wire.measurement_start_time) or parse_time(wire.test_start_time)
        if at is None:
            raise WireError("measurement_start_time is missing or malformed")
        cc = wire.probe_cc if wire.probe_cc and re.fullmatch("[A-Z]{2}", wire.probe_cc) else "ZZ"
        return self._made(
            wire.test_name or "", cc, parse_asn(str(wire.probe_asn or "")), at, self._letters(content)
        )

    def _made(self, test_name: str, cc: str, asn: int, now: datetime, letters: str) -> str:
        name = re.sub(r"[^a-z0-9]", "", test_name.lower())[:64] or "unknown"
        head = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}_{name}_{cc}_{asn}_n1_"
        return head + letters + self._proof(head + letters)

    def check_untrusted(self, report_id: str, now: datetime) -> None:
        """Check that a report was opened here, and is not closed.

        Raises:
            WireError: the report was not opened here, or is closed.
        """
        shaped = _SHAPE.fullmatch(report_id)
        if shaped is None or not hmac.compare_digest(report_id[-_HALF:], self._proof(report_id[:-_HALF])):
            raise WireError("no such report was opened here")
        try:
            opened_at = datetime.strptime(shaped[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise WireError("no such report was opened here") from None
        if report_id in self._closed or now - opened_at > OPEN_FOR:
            raise WireError("the report is closed: open another one")

    def close(self, report_id: str) -> None:
        """Take no more measurements of a report."""
        self._closed[report_id] = None
        while len(self._closed) > _CLOSED_KEPT:
            self._closed.popitem(last=False)

    def _proof(self, head: str) -> str:
        return self._letters(head.encode())

    def _letters(self, data: bytes) -> str:
        digest = hmac.digest(self._key, data, "sha256")
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_HALF])


def check_agreement(report_id: str, test_name: str, country: str, asn: str) -> None:
    """Check that a measurement is of the nettest, country and network that its report was opened for.

    What either of them leaves open (`ZZ`, `AS0`, nothing) agrees with anything.

    Raises:
        WireError: they differ; the text says in what.
    """
    shaped = _SHAPE.fullmatch(report_id)
    if shaped is None:
        return
    _, opened_name, opened_cc, opened_asn, _ = shaped.groups()
    name = re.sub(r"[^a-z0-9]", "", test_name.lower())[:64]
    number = parse_asn(asn)
    if name and name != opened_name:
        raise WireError(f"the report was opened for {opened_name}, the measurement is of {name}")
    if country and "ZZ" not in (country, opened_cc) and country != opened_cc:
        raise WireError(f"the report was opened for {opened_cc}, the measurement is from {country[:8]}")
    if number and int(opened_asn) and number != int(opened_asn):
        raise WireError(f"the report was opened for AS{opened_asn}, the measurement is from AS{number}")
