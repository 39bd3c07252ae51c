"""The access log: one line a request, with the path but neither query nor body."""

import logging
from time import perf_counter
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware

# For the log only: the client disconnected before its request was whole.
CLIENT_GONE = 499

_LOG = logging.getLogger(__name__)


class AccessLog(HttpMiddleware):
    """Logs method, path, status, duration and request id once the request has ended, however it ended."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes every request on; a client that disconnected is no error."""
        began, status = perf_counter(), 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting_status)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        finally:
            took_ms = 1000 * (perf_counter() - began)
            path = quote(scope["path"], safe="/:@!$&'()*+,;=~")
            request_id = scope["state"]["request_id"]
            _LOG.info("%s %s %d %.1f ms [%s]", scope["method"], path, status, took_ms, request_id)
