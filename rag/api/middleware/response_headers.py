"""Headers that every response carries, refusals and failures too."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class ResponseHeaders(HttpMiddleware):
    """Adds each of `HEADERS` that the response does not set itself."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes every request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
