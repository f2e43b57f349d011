"""Packing of answers for the way: zstandard where the client takes it, else gzip, else none."""

import zstandard
from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware, IdentityResponder
from starlette.types import ASGIApp, Receive, Scope, Send

_SHORTEST_BYTES = 1_000
"""Shortest answer that is packed."""
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 3
_LEFT_ALONE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")


class PackedAnswers(GZipMiddleware):
    """ASGI middleware that packs answers as the request's `Accept-Encoding` allows."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, _SHORTEST_BYTES, _GZIP_LEVEL, exclude_content_types=_LEFT_ALONE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _takes_zstd(Headers(scope=scope).get("accept-encoding", "")):
            await _Zstandard(self.app)(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


class _Zstandard(IdentityResponder):
    content_encoding = "zstd"

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, _SHORTEST_BYTES, exclude_content_types=_LEFT_ALONE)
        self._packer: zstandard.ZstdCompressionObj | None = None

    async def apply_compression(self, body: bytes, *, more_body: bool) -> bytes:
        if self._packer is None:
            self._packer = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
        packed: bytes = self._packer.compress(body)
        if more_body:
            return packed + bytes(self._packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
        return packed + bytes(self._packer.flush())


def _takes_zstd(accepted: str) -> bool:
    for part in accepted.split(","):
        coding, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if coding == "zstd":
            return not any(
                one.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for one in parameters
            )
    return False
