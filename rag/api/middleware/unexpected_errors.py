"""Exceptions that nothing else handled: the log has the traceback, the response no detail."""

import logging

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware
from rag.api.problems import problem

_LOG = logging.getLogger(__name__)


class UnexpectedErrors(HttpMiddleware):
    """Logs an unexpected exception with its traceback and answers it with a bare 500."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes every request on; an exception after the response has begun is raised again."""
        started = False

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting_start)
        except ClientDisconnect:
            raise
        except Exception:
            _LOG.exception("unexpected [%s]", scope["state"]["request_id"])
            if started:
                raise
            failure = problem(500, "something went wrong in the service", scope=scope)
            await failure(scope, receive, send)
