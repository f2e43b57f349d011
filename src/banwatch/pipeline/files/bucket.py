"""Public S3 buckets, read without an account: `s3://ooni-data-eu-fra/raw/20240101/`.

Only two requests of the S3 protocol are made: list the keys under a prefix, and get one.
`BANWATCH_S3_ENDPOINT` names another server (`http://127.0.0.1:9000`), with path-style addresses.
"""

import os
import re
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from banwatch.model.errors import BanwatchError, WireError
from banwatch.net.fetch import StatusError, open_body

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?", re.ASCII)
_TIMEOUT_S = 60.0
_TRIES = 4
_FIRST_WAIT_S = 0.5
MAX_LISTING_BYTES = 8 << 20
"""A page of a listing has at most 1,000 keys of at most 1,024 bytes."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Key:
    """Object in a bucket."""

    bucket: str
    name: str
    size_bytes: int
    etag: str
    """Entity tag that the server gives its content."""

    @property
    def address(self) -> str:
        """Address for display and storage."""
        return f"s3://{self.bucket}/{self.name}"


def is_bucket(text: str) -> bool:
    """Whether a path is the address of a bucket."""
    return text.startswith("s3://")


def list_keys(address: str) -> Iterator[Key]:
    """List every object under `s3://bucket/prefix`, in the order of the names.

    Raises:
        BanwatchError: the address is malformed, or the server does not answer with a listing.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise BanwatchError(f"{address!r} is no address of a bucket", "Write it as s3://bucket/prefix")
    bucket, token = found["bucket"], ""
    while True:
        query = {"list-type": "2", "prefix": found["prefix"] or ""}
        if token:
            query["continuation-token"] = token
        with _get(f"{_endpoint(bucket)}/?{urllib.parse.urlencode(query)}") as answer:
            page = answer.read(MAX_LISTING_BYTES + 1)
        try:
            keys, token = parse_listing_untrusted(page, bucket)
        except WireError as error:
            raise BanwatchError(f"{address} was not listed: {error.reason}", "Try again later") from error
        yield from keys
        if not token:
            return


def parse_listing_untrusted(page: bytes, bucket: str) -> tuple[list[Key], str]:
    """Parse one page of a listing.

    Returns:
        Its keys, and the token for the next page, empty where this was the last.

    Raises:
        WireError: the page is too large, or no listing.
    """
    if len(page) > MAX_LISTING_BYTES:
        raise WireError(f"a listing of more than {MAX_LISTING_BYTES} bytes")
    if b"<!DOCTYPE" in page or b"<!ENTITY" in page:
        raise WireError("a listing that defines entities")
    try:
        root = ElementTree.fromstring(page)
        keys = [
            Key(
                bucket,
                entry.findtext("{*}Key") or "",
                int(entry.findtext("{*}Size") or 0),
                (entry.findtext("{*}ETag") or "").strip('"'),
            )
            for entry in root.iterfind("{*}Contents")
        ]
        more = root.findtext("{*}IsTruncated") == "true"
        return keys, (root.findtext("{*}NextContinuationToken") or "") if more else ""
    except (ElementTree.ParseError, ValueError) as error:
        raise WireError(f"no listing: {error}") from None


def read_key(key: Key) -> Iterator[bytes]:
    """Read an object's bytes piece by piece.

    Raises:
        BanwatchError: the server refuses the object.
        OSError: the connection broke.
    """
    with _get(f"{_endpoint(key.bucket)}/{urllib.parse.quote(key.name)}") as answer:
        held = 0
        while chunk := answer.read(_CHUNK_BYTES):
            held += len(chunk)
            yield chunk
    if held != key.size_bytes:
        raise OSError(f"{key.address} broke off after {held} of {key.size_bytes} bytes")


def _endpoint(bucket: str) -> str:
    other = os.environ.get("BANWATCH_S3_ENDPOINT", "").rstrip("/")
    if other.startswith(("http://", "https://")):
        return f"{other}/{bucket}"
    return f"https://{bucket}.s3.amazonaws.com"


@contextmanager
def _get(url: str) -> Iterator[BinaryIO]:
    """Get an address, with retries where the server is busy."""
    with ExitStack() as opened:
        yield _open_with_retries(url, opened)


def _open_with_retries(url: str, opened: ExitStack) -> BinaryIO:
    wait_s = _FIRST_WAIT_S
    for attempt in range(_TRIES):
        try:
            return opened.enter_context(open_body(url, timeout_s=_TIMEOUT_S))
        except StatusError as error:
            if error.status < 500 and error.status != 429:
                raise BanwatchError(
                    f"{url} is refused: {error.status} {error.reason}", "Check the address"
                ) from error
            reason = f"HTTP Error {error.status}: {error.reason}"
        except OSError as error:
            reason = str(error)
        if attempt + 1 < _TRIES:
            time.sleep(wait_s)
            wait_s *= 2
    raise BanwatchError(f"{url} does not answer: {reason}", "Try again later: what was done is kept")
