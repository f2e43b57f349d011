"""Buckets and files of web servers, read through obstore: `s3://ooni-data-eu-fra/raw/20240101/`.

| address | place |
|---|---|
| `s3://BUCKET/PREFIX` | S3; `BANWATCH_S3_ENDPOINT` names another server (`http://127.0.0.1:9000`) |
| `gs://BUCKET/PREFIX` | Google Cloud Storage |
| `az://ACCOUNT/CONTAINER/PREFIX` | Azure |
| `https://HOST/PATH` | one file of a web server, which cannot be listed |

Credentials come from the variables that the clouds' own programs read; without any of them the bucket is read
without an account.
"""

import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, HTTPStore, S3Store

from banwatch.model.errors import BanwatchError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_ADDRESS = re.compile(
    r"(?P<root>(?:s3|gs)://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
    r"|az://[a-z0-9]{3,24}/[a-z0-9$][a-z0-9-]{1,62}"
    r"|https?://[^/?#\s@]+)(?:/(?P<prefix>[^\s]*))?",
    re.ASCII,
)
_SCHEMES = ("s3://", "gs://", "az://", "http://", "https://")
_ACCOUNTS = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY"),
    "az": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_CLIENT_ID", "AZURE_STORAGE_TOKEN"),
}
"""Variables of which one says that an account is to be used."""
RANGE_BYTES = 8 << 20
"""Bytes of one request; a longer object comes in ranges."""
RANGES_AHEAD = 4
"""Ranges of one object that are fetched at the same time: 32 MiB of memory."""
_CLIENT: "ClientConfig" = {"timeout": timedelta(seconds=60), "connect_timeout": timedelta(seconds=10)}
_RETRY: "RetryConfig" = {
    "max_retries": 4,
    "retry_timeout": timedelta(minutes=3),
    "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=8), "base": 3},
}
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Key:
    """Object in a bucket, or file of a web server."""

    root: str
    """Address of the bucket or server, without a slash at its end: `s3://ooni-data-eu-fra`."""
    name: str
    size_bytes: int
    etag: str
    """Entity tag that the server gives its content; empty where it gives none."""

    @property
    def address(self) -> str:
        """Address for display and storage."""
        return f"{self.root}/{self.name}"


def is_bucket(text: str) -> bool:
    """Whether a path is the address of a bucket or of a web server's file."""
    return text.startswith(_SCHEMES)


def list_keys(address: str) -> Iterator[Key]:
    """List every object whose address begins with this one, in the order of the names.

    Raises:
        BanwatchError: the address is malformed, or the server refuses or does not answer.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise BanwatchError(
            f"{address!r} is no address of a bucket",
            "Write it as s3://bucket/prefix, gs://bucket/prefix, az://account/container/prefix or https://host/file",
        )
    root, prefix = found["root"], found["prefix"] or ""
    with _said(address):
        store = _store(root)
        if isinstance(store, HTTPStore):
            meta = obstore.head(store, prefix)
            yield Key(root, prefix, meta["size"], _tag(meta["e_tag"]))
            return
        # Names are asked for folder by folder: what lies before the prefix is passed over by the server.
        folder = prefix.rpartition("/")[0]
        for page in obstore.list(store, folder or None, offset=prefix[:-1] or None, chunk_size=1_000):
            for meta in page:
                if meta["path"].startswith(prefix):
                    yield Key(root, meta["path"], meta["size"], _tag(meta["e_tag"]))
                elif meta["path"] > prefix:
                    return


def read_key(key: Key) -> Iterator[bytes]:
    """Read an object's bytes piece by piece, some ranges ahead of the reader.

    Raises:
        BanwatchError: the server refuses the object.
        OSError: the connection broke, or the object is another one by now.
    """
    if key.size_bytes <= RANGE_BYTES:
        yield _fetch(key, None)
        return
    begins = deque(range(0, key.size_bytes, RANGE_BYTES))
    under_way: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(RANGES_AHEAD) as threads:
        try:
            while begins or under_way:
                while begins and len(under_way) < RANGES_AHEAD:
                    under_way.append(threads.submit(_fetch, key, begins.popleft()))
                yield under_way.popleft().result()
        finally:
            for one in under_way:
                one.cancel()


def _fetch(key: Key, begin: int | None) -> bytes:
    """Fetch an object, or one range of it, which has to be of the content that was listed."""
    end = key.size_bytes if begin is None else min(begin + RANGE_BYTES, key.size_bytes)
    with _said(key.address):
        if begin is None:
            answer = obstore.get(_store(key.root), key.name)
        else:
            answer = obstore.get(_store(key.root), key.name, options={"range": (begin, end)})
    if begin is not None and (_tag(answer.meta["e_tag"]), answer.meta["size"]) != (key.etag, key.size_bytes):
        raise OSError(f"{key.address} was replaced while it was read")
    try:
        piece = bytes(answer.bytes())
    except exceptions.BaseError as error:
        raise OSError(f"{key.address} broke off: {_reason(error)}") from error
    if len(piece) != end - (begin or 0):
        raise OSError(f"{key.address} broke off after {(begin or 0) + len(piece)} of {key.size_bytes} bytes")
    return piece


@lru_cache(maxsize=64)
def _store(root: str) -> S3Store | GCSStore | AzureStore | HTTPStore:
    """Open a bucket by the variables that are set when it is first asked for."""
    scheme, _, place = root.partition("://")
    is_anonymous = not any(os.environ.get(name) for name in _ACCOUNTS.get(scheme, ()))
    if scheme == "gs":
        return GCSStore(place, skip_signature=is_anonymous, client_options=_CLIENT, retry_config=_RETRY)
    if scheme == "az":
        account, _, container = place.partition("/")
        return AzureStore(
            container,
            account_name=account,
            skip_signature=is_anonymous,
            client_options=_CLIENT,
            retry_config=_RETRY,
        )
    if scheme in ("http", "https"):
        plain: ClientConfig = {**_CLIENT, "allow_http": scheme == "http"}
        return HTTPStore.from_url(root, client_options=plain, retry_config=_RETRY)
    other = os.environ.get("BANWATCH_S3_ENDPOINT", "").rstrip("/")
    options: ClientConfig = {**_CLIENT, "allow_http": other.startswith("http://")}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if other:
        return S3Store(
            place,
            endpoint=other,
            region=region or "us-east-1",
            virtual_hosted_style_request=False,
            skip_signature=is_anonymous,
            client_options=options,
            retry_config=_RETRY,
        )
    if region:
        return S3Store(
            place, region=region, skip_signature=is_anonymous, client_options=options, retry_config=_RETRY
        )
    return S3Store(  # an address that serves the buckets of every region
        place,
        endpoint=f"https://{place}.s3.amazonaws.com",
        virtual_hosted_style_request=True,
        region="us-east-1",
        skip_signature=is_anonymous,
        client_options=options,
        retry_config=_RETRY,
    )


@contextmanager
def _said(address: str) -> Iterator[None]:
    """Say what a server refused, or that it does not answer."""
    try:
        yield
    except (FileNotFoundError, exceptions.NotFoundError) as error:
        raise BanwatchError(f"{address} is not there", "Check the address") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise BanwatchError(
            f"{address} is refused: {_reason(error)}",
            "Set the variables of an account that may read it (docs/store.md)",
        ) from error
    except (exceptions.BaseError, ValueError) as error:
        if "404 Not Found" in str(error):  # of a bucket, which obstore does not tell from other failures
            raise BanwatchError(f"{address} is not there", "Check the address") from error
        raise BanwatchError(
            f"{address} does not answer: {_reason(error)}", "Try again later: what was done is kept"
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_REASON]


def _tag(text: str | None) -> str:
    return (text or "").strip('"')
