"""The service about itself: /v1/index, /healthz, /readyz, /docs."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from rag.api import docs
from rag.api.dependencies import InCollection, OpenLibrary
from rag.errors import BusyError, IndexStoreError
from rag.protocols import Field, Index
from rag.responses.schemas import Count, IndexResponse


class Health(BaseModel):
    """The service's state."""

    status: Literal["ok"] = "ok"


router = APIRouter(tags=["service"])


@router.get("/v1/index")
def index(query: InCollection, library: OpenLibrary) -> IndexResponse:
    """What is in a collection, and the values it can be filtered by."""
    name = query.collection or library.settings.collection
    with library.archive(name).reading() as view:
        return IndexResponse(
            collection=name,
            facts=view.facts(),
            sources=_counts(view, "source"),
            tags=_counts(view, "tags"),
            languages=_counts(view, "language"),
        )


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the service is alive."""
    return Health()


@router.get("/readyz")
def readyz(library: OpenLibrary) -> Health:
    """Whether it can answer: its models have run once, and the collection it was started with can be read."""
    try:
        with library.archive().reading():
            return Health()
    except IndexStoreError as error:
        raise BusyError(error.message, hint=error.hint) from error


@router.get("/docs", include_in_schema=False)
def documentation(request: Request) -> HTMLResponse:
    """The OpenAPI document as a page."""
    return HTMLResponse(docs.page(request.app.openapi()), headers={"Content-Security-Policy": docs.POLICY})


def _counts(view: Index, field: Field) -> list[Count]:
    return [Count(value=value, articles=articles) for value, articles in view.counts(field)]
