"""Question of a probe: a URL, and endpoints to connect to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from banwatch.formats.ooni import wire
from banwatch.model.errors import WireError
from banwatch.net.endpoint import Endpoint, parse_endpoint
from banwatch.net.http.request import Headers
from banwatch.net.http.target_url import TargetUrl, parse_target_url

MAX_REQUEST_BYTES = 1 << 16
_MAX_ENDPOINTS = 64
_PASSED_ON = ("Accept", "Accept-Language", "User-Agent")
"""Headers that are sent on to the site, so that it answers as it would a browser; no others are."""
_MAX_HEADER_CHARACTERS = 512
_DECODER = msgspec.json.Decoder(wire.ControlRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Target of a question."""

    url: TargetUrl
    endpoints: tuple[Endpoint, ...]
    headers: Headers


def parse_question_untrusted(data: bytes) -> Question:
    """Read a request's body.

    Raises:
        WireError: the body asks for nothing that can be measured.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise WireError("request too long")
    try:
        request = _DECODER.decode(data)
        url = parse_target_url(request.http_request or "")
    except (msgspec.DecodeError, ValueError, UnicodeError) as error:
        raise WireError(f"bad request: {type(error).__name__}") from error
    return Question(
        url=url,
        endpoints=tuple(_endpoints(request.tcp_connect or ())),
        headers=tuple(_headers(request.http_request_headers or {})),
    )


def _endpoints(texts: Sequence[str]) -> list[Endpoint]:
    found = []
    for text in texts[:_MAX_ENDPOINTS]:
        try:
            endpoint = parse_endpoint(text)
        except ValueError:
            continue  # one odd endpoint does not spoil the rest
        found.append(endpoint)
    return list(dict.fromkeys(found))


def _headers(given: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    by_name = {name.lower(): values for name, values in given.items()}
    passed = []
    for name in _PASSED_ON:
        value = next(iter(by_name.get(name.lower(), ())), "")
        if value and value.isascii() and value.isprintable() and len(value) <= _MAX_HEADER_CHARACTERS:
            passed.append((name, value))
    return passed
