"""The service about itself: /v1/index, /healthz, /readyz, /docs."""

from collections.abc import Iterable
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from rag.api import docs
from rag.api.dependencies import InCollection, OpenLibrary
from rag.api.filters import FilterCache
from rag.api.schemas import Count, IndexResponse
from rag.errors import BusyError, IndexStoreError


class Health(BaseModel):
    """The service's state."""

    status: Literal["ok"] = "ok"


router = APIRouter(tags=["service"])


@router.get("/v1/index")
def index(query: InCollection, library: OpenLibrary, request: Request) -> IndexResponse:
    """What is in a collection, and the values it can be filtered by."""
    cache: FilterCache = request.app.state.filters
    name = query.collection or library.settings.collection
    with library.archive(name).reading() as view:
        facts, values = dict(view.facts()), cache.values(name, view)
    return IndexResponse(
        collection=name,
        facts=facts,
        sources=_counts(values.sources),
        tags=_counts(values.tags),
        languages=_counts(values.languages),
        complete=values.complete,
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


def _counts(values: Iterable[tuple[str, int]]) -> list[Count]:
    return [Count(value=value, articles=articles) for value, articles in values]
