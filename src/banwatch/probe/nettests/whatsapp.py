"""The `whatsapp` nettest (OONI ts-018): can WhatsApp be used."""

from banwatch.probe.applications.application import ApplicationData, measure_application
from banwatch.probe.applications.records import ApplicationRecords, OwnKeys
from banwatch.probe.nettests.registry import Nettest, read_data

DATA = read_data("whatsapp", ApplicationData)


def _keys_of(records: ApplicationRecords) -> OwnKeys:
    hosts = sorted({q.hostname for q in records.queries if q.hostname and q.hostname.startswith("e")})
    blocked = [host for host in hosts if not records.connected(records.addresses(host))]
    registration, registration_failure = records.web("v.whatsapp.net")
    web, web_failure = records.web("web.whatsapp.com")
    return {
        "registration_server_status": registration,
        "registration_server_failure": registration_failure,
        "whatsapp_endpoints_blocked": blocked,
        "whatsapp_endpoints_dns_inconsistent": [],
        "whatsapp_endpoints_status": "blocked" if len(blocked) == len(hosts) else "ok",
        "whatsapp_web_status": web,
        "whatsapp_web_failure": web_failure,
    }


NETTEST = Nettest(
    name="whatsapp",
    version="0.11.0",
    spec="ts-018",
    purpose="Can WhatsApp be used: its endpoints, its registration and its web page.",
    risk="It looks as if the person used WhatsApp.",
    measure=measure_application(DATA, _keys_of),
)
