"""The `telegram` nettest (OONI ts-020): can Telegram be used."""

from banwatch.probe.applications.application import ApplicationData, measure_application
from banwatch.probe.applications.records import ApplicationRecords, OwnKeys
from banwatch.probe.nettests.registry import Nettest, read_data

DATA = read_data("telegram", ApplicationData)


def _keys_of(records: ApplicationRecords) -> OwnKeys:
    status, failure = records.web("web.telegram.org")
    centres = {one.ip or "" for one in records.tcp_connects} - records.addresses("web.telegram.org")
    answered = any(
        request.failure is None
        for request in records.requests
        if (request.request and request.request.method == "POST")
    )
    return {
        "telegram_tcp_blocking": not records.connected(centres),
        "telegram_http_blocking": not answered,
        "telegram_web_status": status,
        "telegram_web_failure": failure,
    }


NETTEST = Nettest(
    name="telegram",
    version="0.3.1",
    spec="ts-020",
    purpose="Can Telegram be used: its data centres and its web page.",
    risk="It looks as if the person used Telegram.",
    measure=measure_application(DATA, _keys_of),
)
