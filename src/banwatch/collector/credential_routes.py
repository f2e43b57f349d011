"""HTTP routes of OONI's protocol with anonymous credentials.

Wire: `POST /api/v1/submit_measurement` takes `{"format": "json", "content": "<measurement as text>", "nym",
"zkp_request", "manifest_version", "protocol_version"}`, the last four null in a submission without proof.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from banwatch.collector.credentials.issuer import (
    UNPROVEN,
    CredentialRefusedError,
    Issuer,
    Proof,
    Verification,
)
from banwatch.collector.intake import Line, RefusedError, decode_request_untrusted
from banwatch.collector.receiver import Receiver
from banwatch.collector.routes import answer, check_report, refuse, take_plain, take_single
from banwatch.model.errors import WireError
from banwatch.model.ids import UNKNOWN_ASN, UNKNOWN_COUNTRY

_MAX_ASKED_BYTES = 1 << 16
_T = TypeVar("_T")


class _SignRequest(msgspec.Struct, frozen=True, kw_only=True):
    credential_sign_request: str
    manifest_version: str


class _UpdateRequest(msgspec.Struct, frozen=True, kw_only=True):
    credential_update_request: str
    manifest_version: str


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    content: msgspec.Raw = msgspec.Raw()


def add_credentials(app: FastAPI, receiver: Receiver) -> None:
    """Add the routes; without an issuer there is no manifest, and every submission is unverified."""
    issuer = receiver.issuer

    @app.post("/api/v1/submit_measurement", include_in_schema=False)
    async def submit(request: Request) -> Response:
        return await answer(lambda: _submit(receiver, request, ""))

    @app.post("/api/v1/submit_measurement/{report_id}", include_in_schema=False)
    async def submit_to_report(request: Request, report_id: str) -> Response:
        return await answer(lambda: _submit(receiver, request, report_id))

    @app.post("/api/v1/submit_measurement/{cc}/{asn}", include_in_schema=False)
    async def submit_from(request: Request, cc: str, asn: str) -> Response:
        return await answer(lambda: take_single(receiver, request))  # those in the measurement count

    if issuer is None:
        return

    @app.get("/api/v1/manifest", include_in_schema=False)
    def manifest() -> Response:
        return JSONResponse(issuer.manifest(), headers={"Cache-Control": "no-cache"})

    @app.post("/api/v1/sign_credential", include_in_schema=False)
    async def sign(request: Request) -> Response:
        return await _issue(receiver, request, lambda body: _sign(issuer, body))

    @app.post("/api/v1/update_credential", include_in_schema=False)
    async def update(request: Request) -> Response:
        return await _issue(receiver, request, lambda body: _update(issuer, body))


async def _submit(receiver: Receiver, request: Request, report_id: str) -> dict[str, object]:
    """Take a measurement, whether what is proven beside it holds or not."""
    found = [UNPROVEN]

    def check(line: Line, body: bytes) -> Line:
        found[0] = _verify_untrusted(receiver.issuer, line, body)
        return replace(line, nym=found[0].nym)

    if report_id:
        check_report(receiver, report_id)
        line = await take_plain(receiver, request, report_id, check=check)
    else:
        line = await take_plain(receiver, request, "", receiver.reports.give_for, check=check)
    verification = found[0]
    return {
        "measurement_uid": line.measurement_uid,
        "report_id": line.report_id,
        "is_verified": bool(verification.nym),
        "verification_status": verification.status,
        "submit_response": verification.submit_response,
        "protocol_version": receiver.issuer.protocol_version if receiver.issuer else None,
        "error": verification.error,
    }


def _verify_untrusted(issuer: Issuer | None, line: Line, body: bytes) -> Verification:
    """Check what a submission proves beside its measurement.

    Args:
        issuer: that checks it.
        line: measurement that was read from the submission.
        body: the submission, unpacked.
    """
    if issuer is None:
        return UNPROVEN
    try:
        proof = msgspec.json.decode(body, type=Proof)
        if proof.is_empty:
            return UNPROVEN
        content = bytes(msgspec.json.decode(body, type=_Content).content)
        text = msgspec.json.decode(content, type=str) if content.startswith(b'"') else content.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return UNPROVEN
    if line.probe_cc == UNKNOWN_COUNTRY or line.probe_asn == UNKNOWN_ASN:
        return UNPROVEN  # a pseudonym belongs to a network
    return issuer.verify_untrusted(proof, text, line.probe_cc, f"AS{line.probe_asn}")


async def _issue(
    receiver: Receiver, request: Request, work: Callable[[bytes], dict[str, object]]
) -> Response:
    try:
        async with receiver.body(request, _MAX_ASKED_BYTES) as body:
            return JSONResponse(
                await receiver.compute(lambda: work(body)), headers={"Cache-Control": "no-store"}
            )
    except CredentialRefusedError as error:
        detail = {"error": error.error, "message": str(error)}
        return JSONResponse({"detail": detail}, error.status)
    except RefusedError as refused:
        return refuse(refused)


def _sign(issuer: Issuer, body: bytes) -> dict[str, object]:
    asked = _decode(body, _SignRequest)
    return issuer.sign_untrusted(asked.manifest_version, asked.credential_sign_request)


def _update(issuer: Issuer, body: bytes) -> dict[str, object]:
    asked = _decode(body, _UpdateRequest)
    return issuer.update_untrusted(asked.manifest_version, asked.credential_update_request)


def _decode(body: bytes, kind: type[_T]) -> _T:
    try:
        return decode_request_untrusted(body, kind)
    except WireError:
        raise CredentialRefusedError(400, "deserialization_failed", "no such request") from None
