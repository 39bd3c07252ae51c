"""Request ids: the client's if it is well formed, else a new one."""

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware

HEADER = "X-Request-ID"

_WELL_FORMED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestId(HttpMiddleware):
    """Puts the id into the request's state, where problems and the log find it, and into the response."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes every request on."""
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _WELL_FORMED.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)
