"""Measurements of nettests other than the web's, as lines."""

import json
from typing import Any

TIMEOUT = "generic_timeout_error"
DC = ("149.154.175.50", "149.154.167.51", "149.154.175.100", "149.154.167.91", "149.154.171.5")


def line(test_name: str, keys: dict[str, Any], measured_input: str | None = None) -> bytes:
    return json.dumps(
        {
            "measurement_start_time": "2024-03-01 10:00:00",
            "test_start_time": "2024-03-01 10:00:00",
            "probe_cc": "IR",
            "probe_asn": "AS44244",
            "test_name": test_name,
            "test_version": "0.1.0",
            "input": measured_input,
            "report_id": "r",
            "test_keys": keys,
        }
    ).encode()


def connect(ip: str, port: int = 443, failure: str | None = None) -> dict[str, Any]:
    return {"ip": ip, "port": port, "status": {"success": failure is None, "failure": failure}}


def lookup(name: str, *answers: str, failure: str | None = None) -> dict[str, Any]:
    records = [{"answer_type": "A", "ipv4": ip} for ip in answers]
    return {"hostname": name, "query_type": "A", "engine": "system", "failure": failure, "answers": records}


def shake(ip: str, name: str, failure: str | None = None, **more: str) -> dict[str, Any]:
    return {"address": f"{ip}:443", "server_name": name, "failure": failure, "network": "tcp", **more}


def request(url: str, failure: str | None = None, code: int = 200) -> dict[str, Any]:
    response = {"code": 0 if failure else code, "headers": {}, "body": ""}
    return {"request": {"url": url, "method": "GET"}, "failure": failure, "response": response}


def telegram(dc: str | None, web: str | None) -> dict[str, Any]:
    return {
        "queries": [lookup("web.telegram.org", "149.154.167.99")],
        "tcp_connect": [connect(ip, 80, dc) for ip in DC] + [connect("149.154.167.99", 443)],
        "tls_handshakes": [shake("149.154.167.99", "web.telegram.org", web)],
        "requests": [request("https://web.telegram.org/", web)]
        + [request(f"http://{ip}:80/", dc, 501) for ip in DC],
    }


def tor(dirauth: str | None, obfs4: str | None) -> dict[str, Any]:
    targets = {
        f"t{n}": {
            "failure": failure,
            "target_address": f"128.31.0.{n}:9101",
            "target_protocol": protocol,
            "tcp_connect": [connect(f"128.31.0.{n}", 9101, failure)],
        }
        for n, (protocol, failure) in enumerate(
            [("or_port_dirauth", dirauth)] * 5 + [("obfs4", obfs4)] * 5, 1
        )
    }
    return {"targets": targets}


def signal(failure: str | None) -> dict[str, Any]:
    names = ("chat.signal.org", "storage.signal.org", "cdn.signal.org")
    return {
        "queries": [lookup(name, f"13.248.212.{n}") for n, name in enumerate(names, 1)],
        "tcp_connect": [connect(f"13.248.212.{n}") for n, _ in enumerate(names, 1)],
        "tls_handshakes": [
            shake(f"13.248.212.{n}", name, failure if n == 1 else None) for n, name in enumerate(names, 1)
        ],
        "requests": [
            request(f"https://{name}/", failure if n == 1 else None) for n, name in enumerate(names, 1)
        ],
    }


def whatsapp(endpoints: str | None, registration: str | None) -> dict[str, Any]:
    return {
        "queries": [lookup(f"e{n}.whatsapp.net", f"157.240.20.{n}") for n in range(1, 17)]
        + [lookup("v.whatsapp.net", "157.240.20.60"), lookup("web.whatsapp.com", "157.240.20.61")],
        "tcp_connect": [
            connect(f"157.240.20.{n}", port, endpoints) for n in range(1, 17) for port in (443, 5222)
        ]
        + [connect("157.240.20.60"), connect("157.240.20.61")],
        "tls_handshakes": [
            shake("157.240.20.60", "v.whatsapp.net", registration),
            shake("157.240.20.61", "web.whatsapp.com"),
        ],
        "requests": [
            request("https://v.whatsapp.net/v2/register", registration),
            request("https://web.whatsapp.com/"),
        ],
    }


def messenger(failure: str | None, *answers: str) -> dict[str, Any]:
    names = ("b-api.facebook.com", "edge-mqtt.facebook.com", "star.c10r.facebook.com")
    return {
        "queries": [lookup(name, *(answers or (f"157.240.1.{n}",))) for n, name in enumerate(names, 1)],
        "tcp_connect": [connect(f"157.240.1.{n}", failure=failure) for n, _ in enumerate(names, 1)],
    }


def dnscheck(*failures: str | None) -> dict[str, Any]:
    return {
        "bootstrap_failure": None,
        "lookups": {
            f"https://8.8.8.{n}/dns-query": {
                "failure": failure,
                "queries": [],
                "tcp_connect": [connect(f"8.8.8.{n}")],
                "tls_handshakes": [shake(f"8.8.8.{n}", "dns.google", failure)],
            }
            for n, failure in enumerate(failures, 1)
        },
    }


def ech(plain: str | None, encrypted: str | None) -> dict[str, Any]:
    return {
        "tls_handshakes": [
            shake("104.16.124.96", "crypto.cloudflare.com", plain, echconfig="GREASE"),
            shake("104.16.124.96", "crypto.cloudflare.com", encrypted, echconfig="AEX+DQBB"),
        ]
    }
