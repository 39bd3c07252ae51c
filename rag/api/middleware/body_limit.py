"""The size of request bodies: bounded, whether or not the length was announced."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware
from rag.api.problems import problem


class BodyLimit(HttpMiddleware):
    """Refuses bodies of more than ``max_bytes`` bytes with 413."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        super().__init__(app)
        self._max_bytes = max_bytes
        self._too_large = f"the body is larger than {max_bytes} bytes"

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses an announced length that is too large; else passes the request on, its body counted."""
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > self._max_bytes:
            hint = "send fewer articles at a time"
            refusal = problem(413, self._too_large, scope=scope, hint=hint)
            await refusal(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        """The same body, which fails once it has grown too large."""
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413, self._too_large)
            return message

        return receive_counted
