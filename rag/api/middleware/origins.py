"""Origins: pages of other sites may not send anything that changes the archive.

The browser says in Sec-Fetch-Site where a request comes from; programs that are no browser do not send it.
"""

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from rag.api.middleware.http import HttpMiddleware
from rag.api.problems import problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"none", "same-origin"})


class SameOriginWrites(HttpMiddleware):
    """Refuses methods that change something with 403 if they come from a page of another site."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request or passes it on."""
        if scope["method"] in SAFE_METHODS or Headers(scope=scope).get("sec-fetch-site", "none") in OWN_SITES:
            await self.app(scope, receive, send)
            return
        refusal = problem(403, "pages of other sites may not change the archive", scope=scope)
        await refusal(scope, receive, send)
