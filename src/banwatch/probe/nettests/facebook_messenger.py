"""The `facebook_messenger` nettest (OONI ts-019): can Facebook Messenger be used."""

from banwatch.probe.applications.application import ApplicationData, measure_application
from banwatch.probe.applications.records import ApplicationRecords, OwnKeys
from banwatch.probe.nettests.registry import Nettest, read_data

DATA = read_data("facebook_messenger", ApplicationData)

_KEY_OF_HOST = {
    "stun.fbsbx.com": "stun",
    "b-api.facebook.com": "b_api",
    "b-graph.facebook.com": "b_graph",
    "edge-mqtt.facebook.com": "edge",
    "external.xx.fbcdn.net": "external_cdn",
    "scontent.xx.fbcdn.net": "scontent_cdn",
    "star.c10r.facebook.com": "star",
}


def _keys_of(records: ApplicationRecords) -> OwnKeys:
    keys: dict[str, object] = {}
    resolved = reached = True
    for host, name in _KEY_OF_HOST.items():
        ips = records.addresses(host)
        consistent = records.is_consistent(host)
        keys[f"facebook_{name}_dns_consistent"] = consistent
        resolved = resolved and consistent
        # over UDP nothing is connected to, and where a forged answer leads is no matter of Facebook's
        reachable = records.connected(ips) if consistent and name != "stun" else None
        keys[f"facebook_{name}_reachable"] = reachable
        reached = reached and reachable is not False
    return {**keys, "facebook_dns_blocking": not resolved, "facebook_tcp_blocking": not reached}


NETTEST = Nettest(
    name="facebook_messenger",
    version="0.2.1",
    spec="ts-019",
    purpose="Can Facebook Messenger be used: its names and its servers.",
    risk="It looks as if the person used Facebook Messenger.",
    measure=measure_application(DATA, _keys_of),
)
