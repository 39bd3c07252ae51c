"""What every request passes on its way in and out: request id, limits, headers, one log line."""

import logging
import re
from ipaddress import ip_address
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.problems import problem
from rag.settings import Settings

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# For the log only: the client went away before its request was whole.
CLIENT_GONE = 499
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LOG = logging.getLogger(__name__)


class Gate:
    """ASGI middleware that lets in only what may be served and marks what goes out.

    An exception that is not one of ours is logged with its traceback and answered with a bare 500.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._max_body_bytes = settings.max_body_bytes
        self._hosts = LOOPBACK_NAMES | {settings.host} if is_loopback(settings.host) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request or hands it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _SANE_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = perf_counter(), 0

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                outgoing = MutableHeaders(scope=message)
                outgoing["X-Request-ID"] = request_id
                for name, value in HEADERS.items():
                    outgoing.setdefault(name, value)
            await send(message)

        try:
            refusal = self._refusal(scope["method"], headers, request_id=request_id)
            if refusal:
                await refusal(scope, receive, marked)
            else:
                await self._app(scope, self._limited(receive), marked)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        except Exception:
            _LOG.exception("unexpected [%s]", request_id)
            if status:
                raise
            failure = problem(500, "something went wrong in the service", request_id=request_id)
            await failure(scope, receive, marked)
        finally:
            took_ms = 1000 * (perf_counter() - began)
            path = quote(scope["path"], safe="/:@!$&'()*+,;=~")
            _LOG.info("%s %s %d %.1f ms [%s]", scope["method"], path, status, took_ms, request_id)

    def _refusal(self, method: str, headers: Headers, *, request_id: str) -> JSONResponse | None:
        """The answer to a request that must not get in.

        A page whose name was made to point at this machine (DNS rebinding) sends its own name as the host; a
        form on a foreign page is told from ours by what the browser says of where it comes from.
        """
        if self._hosts is not None and host_name(headers.get("host", "")) not in self._hosts:
            hint = "ask for 127.0.0.1 or localhost, or set the host to the address that others use"
            return problem(421, "this service answers on this machine only", request_id=request_id, hint=hint)
        if method not in SAFE_METHODS and headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return problem(403, "pages of other sites may not change the archive", request_id=request_id)
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > self._max_body_bytes:
            return problem(413, self._too_large, request_id=request_id, hint="send fewer articles at a time")
        return None

    def _limited(self, receive: Receive) -> Receive:
        """The same body, which fails once it has grown too large: its length need not have been announced."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body_bytes:
                raise HTTPException(413, self._too_large)
            return message

        return counted

    @property
    def _too_large(self) -> str:
        return f"the body is larger than {self._max_body_bytes} bytes"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_name(header: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    name = header.partition("]")[0].removeprefix("[") if header.startswith("[") else header.partition(":")[0]
    return name.lower()
