"""Host names: a service on the loopback address answers to names of this machine only.

A page whose name was made to point at this machine (DNS rebinding) sends its own name as the host.
"""

from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware
from rag.api.problems import problem

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class LoopbackHosts(HttpMiddleware):
    """Refuses other hosts with 421 if ``host``, the address listened on, is a loopback address."""

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        super().__init__(app)
        self._names = LOOPBACK_NAMES | {host} if is_loopback(host) else None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request or passes it on."""
        if self._names is None or host_name(Headers(scope=scope).get("host", "")) in self._names:
            await self.app(scope, receive, send)
            return
        refusal = problem(
            421,
            "this service answers on this machine only",
            scope=scope,
            hint="ask for 127.0.0.1 or localhost, or set the host to the address that others use",
        )
        await refusal(scope, receive, send)


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
