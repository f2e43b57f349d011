"""A client that asks the app through ASGI, without a socket."""

import asyncio
from dataclasses import dataclass
from urllib.parse import unquote

from fastapi import FastAPI


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def get(app: FastAPI, address: str) -> Answer:
    """Send one GET request through ASGI."""
    return ask(app, "GET", address)


def post(app: FastAPI, address: str, body: bytes, **headers: str) -> Answer:
    """Send one POST request through ASGI; `sec_fetch_site="none"` is the header `sec-fetch-site: none`."""
    return ask(app, "POST", address, body, **headers)


def ask(
    app: FastAPI, method: str, address: str, body: bytes = b"", host: str = "127.0.0.1", **headers: str
) -> Answer:
    """Send one request through ASGI."""
    path, _, query = address.partition("?")
    more = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", host.encode()), *more],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # plain functions serve as ASGI's
    start = sent[0]
    answered = {name.decode(): value.decode() for name, value in start["headers"]}  # type: ignore[attr-defined]  # pairs of bytes
    received = b"".join(message.get("body", b"") for message in sent[1:])  # type: ignore[misc]  # bodies are bytes
    return Answer(start["status"], answered, received)  # type: ignore[arg-type]  # a status is a number
