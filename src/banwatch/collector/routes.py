"""HTTP routes of the collector: OONI's protocol for probes, sealed measurements, and files of many.

Only `rate_limit` uses the address of a client, as a hash; nothing of a request is logged.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.routing import Match, Route
from starlette.types import Scope

from banwatch import __version__
from banwatch.collector.incoming_file import FullError
from banwatch.collector.intake import (
    MAX_SEALED_BODY_BYTES,
    MAX_SUBMISSION_BYTES,
    Line,
    RefusedError,
    decode_request_untrusted,
    hold_sealed_untrusted,
    read_sealed_untrusted,
    read_submission_untrusted,
    unpack_untrusted,
)
from banwatch.collector.limits.body_budget import receive_pieces
from banwatch.collector.receiver import RETRY_S, Receiver, client_of
from banwatch.model.errors import WireError

MAX_FILE_BYTES = 512 << 20
_MAX_OPENING_BYTES = 1 << 16
_SEALED_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_ASN = re.compile(r"AS(\d{1,10})")
_CC = re.compile(r"[A-Z]{2}")
_WORD = re.compile(r"[0-9A-Za-z_.+ -]{1,64}")
_HEADERS = {"Cache-Control": "no-store"}


class _Opening(msgspec.Struct, frozen=True, kw_only=True):
    """OONI's request to open a report; obsolete fields are ignored."""

    probe_asn: str
    probe_cc: str
    software_name: str
    software_version: str
    test_name: str
    test_version: str
    data_format_version: str = ""
    format: str = "json"


class _NotAForm(Route):
    """Route that leaves forms of browsers to the routes after it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if Headers(scope=scope).get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return Match.NONE, {}
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL else (Match.NONE, {})


def add_collector(app: FastAPI, receiver: Receiver) -> None:
    """Add the routes for probes, which are not in the API's description for readers."""
    route = partial(app.api_route, include_in_schema=False)

    @route("/api/v1/sealed/{sealed_id}", methods=["PUT"])
    async def sealed(request: Request, sealed_id: str) -> Response:
        return await answer(lambda: _take_sealed(receiver, request, sealed_id))

    async def open_report(request: Request) -> Response:
        return await answer(lambda: _open_report(receiver, request))

    # goes before the readers' form, which has the same path
    app.router.routes.insert(0, _NotAForm("/report", open_report, methods=["POST"], include_in_schema=False))

    @route("/report/{report_id}", methods=["POST"])
    async def update_report(request: Request, report_id: str) -> Response:
        return await answer(lambda: _update_report(receiver, request, report_id))

    @route("/report/{report_id}/close", methods=["POST"])
    async def close_report(request: Request, report_id: str) -> Response:
        return await answer(lambda: _close_report(receiver, report_id))

    @route("/measurement", methods=["POST"])
    async def measurement(request: Request) -> Response:
        return await answer(lambda: take_single(receiver, request))

    @route("/api/v1/bundles", methods=["POST"])
    async def bundle(request: Request) -> Response:
        return await answer(lambda: _take_file(receiver, request))

    @route("/api/v1/collector", methods=["GET"])
    def about() -> Response:
        counts = receiver.ingest_thread.counts
        return JSONResponse(
            {
                "public_key": receiver.keys.public.sealing.hex(),
                "signing_key": receiver.keys.public.signing.hex(),
                "words": receiver.keys.public.words,
                "hand_overs": [msgspec.to_builtins(one) for one in receiver.keys.hand_overs],
                "max_measurement_bytes": MAX_SUBMISSION_BYTES,
                "max_file_bytes": MAX_FILE_BYTES,
                "received": counts.received,
                "refused": counts.refused,
                "waiting_bytes": receiver.inbox.waiting_bytes,
            },
            headers=_HEADERS,
        )


async def answer(work: Callable[[], Awaitable[dict[str, object]]]) -> Response:
    """Answer with the result of a request, or with the reason of its refusal."""
    try:
        return JSONResponse(await work(), headers=_HEADERS)
    except RefusedError as error:
        return refuse(error)


def refuse(error: RefusedError) -> Response:
    """Answer with the reason of a refusal."""
    headers = {**_HEADERS, **error.headers}
    if error.retry_after_s:
        headers["Retry-After"] = str(error.retry_after_s)
    return JSONResponse({"error": error.reason}, error.status, headers)


async def _take_sealed(receiver: Receiver, request: Request, sealed_id: str) -> dict[str, object]:
    """Take a sealed measurement; the answer reveals nothing of its content."""
    if not _SEALED_ID.fullmatch(sealed_id):
        raise RefusedError(400, "an id is up to 64 letters and digits")
    source = "(sealed measurements)"
    if receiver.sealed_store is not None:  # the private key is on another machine
        await receiver.take(
            request, source, MAX_SEALED_BODY_BYTES, hold_sealed_untrusted, receiver.sealed_store
        )
        return {"accepted": True}
    read = partial(read_sealed_untrusted, private_keys=receiver.keys.private, sender=client_of(request))
    await receiver.take(request, source, MAX_SEALED_BODY_BYTES, read)
    return {"accepted": True}


def parse_network_untrusted(cc: str, asn: str) -> tuple[str, int]:
    """Parse a country and a network as probes write them.

    Raises:
        RefusedError: they are malformed.
    """
    number = _ASN.fullmatch(asn)
    if number is None or not _CC.fullmatch(cc):
        raise RefusedError(400, "a country is two capital letters, a network AS and a number")
    return cc, int(number[1])


async def _open_report(receiver: Receiver, request: Request) -> dict[str, object]:
    async with receiver.body(request, _MAX_OPENING_BYTES) as body:
        try:
            opening = decode_request_untrusted(body, _Opening)
        except WireError as error:
            raise RefusedError(400, f"no request for a report: {error.reason}") from error
    cc, asn = parse_network_untrusted(opening.probe_cc, opening.probe_asn)
    words = (opening.software_name, opening.software_version, opening.test_name, opening.test_version)
    if not all(map(_WORD.fullmatch, words)):
        raise RefusedError(400, "a field of the request is malformed")
    if opening.format != "json":
        raise RefusedError(400, "only the format json is taken")
    return {
        "backend_version": __version__,
        "report_id": receiver.reports.give(opening.test_name, cc, asn, receiver.now()),
        "supported_formats": ["json"],
    }


def check_report(receiver: Receiver, report_id: str) -> None:
    """Refuse a report that was not opened here, or is closed.

    Raises:
        RefusedError: it is no open report.
    """
    try:
        receiver.reports.check_untrusted(report_id, receiver.now())
    except WireError as error:
        raise RefusedError(404, error.reason) from error


async def take_plain(
    receiver: Receiver,
    request: Request,
    report_id: str,
    name: Callable[[bytes], str] | None = None,
    check: Callable[[Line, bytes], Line] | None = None,
) -> Line:
    """Take a measurement by OONI's protocol.

    Args:
        receiver: that keeps it.
        request: with the submission.
        report_id: report of the submission; empty where there is none.
        name: makes the id of a report of this measurement alone.
        check: called with the measurement and the submission that it was read from; says who sent it.

    Raises:
        RefusedError: it is not taken.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()

    def read(body: bytes) -> Line:
        unpacked = unpack_untrusted(body, encoding)
        line = read_submission_untrusted(unpacked, report_id, name, sender=client_of(request))
        return check(line, unpacked) if check is not None else line

    if encoding not in ("", "identity", "gzip", "zstd"):
        raise RefusedError(415, "bodies are taken as they are, or packed with gzip or zstd")
    return await receiver.take(request, "(submissions)", MAX_SUBMISSION_BYTES, read)


async def _update_report(receiver: Receiver, request: Request, report_id: str) -> dict[str, object]:
    check_report(receiver, report_id)
    line = await take_plain(receiver, request, report_id)
    return {"measurement_id": line.measurement_uid, "measurement_uid": line.measurement_uid}


async def _close_report(receiver: Receiver, report_id: str) -> dict[str, object]:
    check_report(receiver, report_id)
    receiver.reports.close(report_id)
    return {"status": "success"}


async def take_single(receiver: Receiver, request: Request) -> dict[str, object]:
    """Take a report of one measurement; a repeated one gets the same ids, and counts once."""
    line = await take_plain(receiver, request, "", receiver.reports.give_for)
    return {
        "measurement_id": line.measurement_uid,
        "measurement_uid": line.measurement_uid,
        "report_id": line.report_id,
    }


async def _take_file(receiver: Receiver, request: Request) -> dict[str, object]:
    receiver.admit(request, MAX_FILE_BYTES)
    try:
        incoming = receiver.inbox.begin_file(receiver.name_client(request), client_of(request))
    except FullError as error:
        raise RefusedError(503, str(error), RETRY_S) from error
    try:
        async with aclosing(receive_pieces(request, receiver.pace, receiver.budget.clock)) as pieces:
            async for piece in pieces:
                incoming.write(piece)
                if incoming.size_bytes > MAX_FILE_BYTES:
                    raise RefusedError(413, f"at most {MAX_FILE_BYTES} bytes are taken")
        await asyncio.to_thread(incoming.finish)
    except FullError as error:
        raise RefusedError(503, str(error), RETRY_S) from error
    finally:
        incoming.drop()
        receiver.rate_limit.charge(client_of(request), incoming.size_bytes)
    return {"accepted": True, "size_bytes": incoming.size_bytes}
