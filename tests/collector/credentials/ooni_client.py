"""OONI's probe as a client of a collector, as far as credentials go."""

import json
from dataclasses import dataclass
from typing import Any

import ooniauth_py
from fastapi import FastAPI

from tests.explorer.asgi_client import Answer, ask
from tests.pipeline.measurement_lines import line

NATIVE = "175.45.176.9"
"""Address in the network of the test's measurements, AS131279 in North Korea."""
NAMES = {"nym", "zkp_request", "manifest_version", "protocol_version"}


@dataclass
class OoniClient:
    """Probe that registers, and submits as OONI's do: the measurement as text, with a proof beside it."""

    app: FastAPI
    address: str = NATIVE
    cc: str = "KP"
    asn: str = "AS131279"

    def __post_init__(self) -> None:
        self.manifest: dict[str, Any] = json.loads(ask(self.app, "GET", "/api/v1/manifest").text)
        self.user = ooniauth_py.UserState(self.manifest["manifest"]["public_parameters"])

    @property
    def version(self) -> str:
        return str(self.manifest["meta"]["version"])

    def post(self, path: str, value: object) -> Answer:
        return ask(self.app, "POST", path, json.dumps(value).encode(), x_forwarded_for=self.address)

    def register(self) -> Answer:
        request = self.user.make_registration_request()
        answer = self.post(
            "/api/v1/sign_credential",
            {"credential_sign_request": request, "manifest_version": self.version},
        )
        if answer.status == 200:
            self.user.handle_registration_response(json.loads(answer.text)["credential_sign_response"])
        return answer

    def prove(self, content: str, cc: str = "", asn: str = "") -> dict[str, object]:
        policy = self.manifest["manifest"]["submission_policy"][-1]["policy"]
        low, high = policy["age"]
        made = self.user.make_submit_request_with_hash(
            cc or self.cc, asn or self.asn, content, (low, high), policy["min_measurement_count"]
        )
        return {
            "format": "json",
            "content": content,
            "nym": made.nym,
            "zkp_request": made.request,
            "manifest_version": self.version,
            "protocol_version": self.manifest["meta"]["protocol_version"],
        }

    def content(self, number: int) -> str:
        value = json.loads(line(number))
        value |= {"probe_cc": self.cc, "probe_asn": self.asn}
        del value["report_id"]
        return json.dumps(value)

    def submit(self, number: int) -> dict[str, Any]:
        answer = self.post("/api/v1/submit_measurement", self.prove(self.content(number)))
        assert answer.status == 200, answer.text
        found: dict[str, Any] = json.loads(answer.text)
        if found["submit_response"]:
            self.user.handle_submit_response(found["submit_response"])
        return found
