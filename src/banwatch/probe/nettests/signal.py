"""The `signal` nettest (OONI ts-029): can Signal be used."""

from banwatch.probe.applications.application import ApplicationData, measure_application
from banwatch.probe.applications.records import ApplicationRecords, OwnKeys
from banwatch.probe.nettests.registry import Nettest, read_data

DATA = read_data("signal", ApplicationData)


def _keys_of(records: ApplicationRecords) -> OwnKeys:
    # `uptime` says whether Signal itself is down, to whoever reads the answer; it is no part of the service
    hosts = sorted({query.hostname for query in records.queries if query.hostname} - {"uptime.signal.org"})
    failures = [failure for host in hosts for _, failure in [records.web(host)] if failure]
    return {
        "signal_backend_status": "blocked" if failures else "ok",
        "signal_backend_failure": failures[0] if failures else None,
    }


NETTEST = Nettest(
    name="signal",
    version="0.2.5",
    spec="ts-029",
    purpose="Can Signal be used: its servers, with the certificates that they should have.",
    risk="It looks as if the person used Signal.",
    measure=measure_application(DATA, _keys_of),
)
