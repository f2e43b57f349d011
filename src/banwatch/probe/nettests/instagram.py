"""The `instagram` nettest (our own: see docs/probe.md): can Instagram be used."""

from banwatch.probe.applications.application import ApplicationData, measure_application
from banwatch.probe.applications.records import ApplicationRecords, OwnKeys
from banwatch.probe.nettests.registry import Nettest, read_data

DATA = read_data("instagram", ApplicationData)


def _keys_of(records: ApplicationRecords) -> OwnKeys:
    hosts = sorted({query.hostname for query in records.queries if query.hostname})
    return {
        "instagram_endpoints": {
            host: {"status": status, "failure": failure}
            for host in hosts
            for status, failure in [records.web(host)]
        }
    }


NETTEST = Nettest(
    name="instagram",
    version="0.1.0",
    spec="",
    purpose="Can Instagram be used: web page, programming interface and pictures.",
    risk="It looks as if the person used Instagram.",
    measure=measure_application(DATA, _keys_of),
)
