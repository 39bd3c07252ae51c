"""Dependencies of the endpoints: the library, the collection, and a check that the body is declared to be JSON."""

from typing import Annotated

from fastapi import Depends, HTTPException, Query, Request

from rag.api.schemas import CollectionQuery
from rag.bootstrap import Library


def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


async def require_json(request: Request) -> None:
    """Refuses a body that is not declared to be JSON, which also refuses the forms of other sites."""
    if media_type(request) != "application/json":
        raise HTTPException(415, "send the body as application/json")


def media_type(request: Request) -> str:
    """The content type without its parameters, in lower case; empty if there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


OpenLibrary = Annotated[Library, Depends(_library)]
InCollection = Annotated[CollectionQuery, Query()]
