"""/v1/articles: what goes into the archive, what is in it, what leaves it."""

import json
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from rag.api.dependencies import InCollection, OpenLibrary, media_type, require_json
from rag.api.problems import printable
from rag.api.schemas import MOST_ARTICLES, ArticleContent, PageQuery
from rag.bootstrap import Library
from rag.errors import ArticleError, NotFoundError
from rag.loaders import Loaded, Unreadable, article_from_record, first_of_each_id, load_bytes
from rag.pipeline import IngestReport, ingest
from rag.responses.schemas import ArticlePage, ArticlesResponse, ArticleView, RejectedArticle
from rag.responses.views import article_summary, article_view
from rag.types import MAX_ID_LENGTH

router = APIRouter(tags=["articles"])

Id = Annotated[
    str,
    AfterValidator(lambda value: unicodedata.normalize("NFC", value.strip())),  # as ids are stored
    Path(
        alias="id",
        min_length=1,
        max_length=MAX_ID_LENGTH,
        description="The article's id; slashes may stand as they are, all else is percent-encoded.",
        examples=["example/bridge"],
    ),
]
_BRIDGE = {
    "title": "Harbour bridge closed for repairs",
    "text": "The harbour bridge in Port Ellery was closed on 3 May 2024. The council expects it to open in August.",
    "url": "https://example.org/bridge",
    "source": "Example Wire",
    "author": "A. Writer",
    "language": "en",
    "published_at": "2024-05-04",
    "tags": ["transport"],
}
ADD_EXAMPLE = {"summary": "One article", "value": {"articles": [{"id": "example/bridge", **_BRIDGE}]}}
PUT_EXAMPLES = {"article": {"summary": "The whole article but its id", "value": _BRIDGE}}
_ADD_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/ArticlesRequest"},
            "examples": {"article": ADD_EXAMPLE},
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "description": "Files of any kind that `rag ingest` takes, as `curl -F files=@article.md` sends them.",
                "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
            }
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body as it came: JSON not yet read, or files by name."""

    body: bytes = b""
    files: tuple[tuple[str, bytes], ...] | None = None


async def upload(request: Request) -> Upload:
    """The body, received but not parsed: that is done off the event loop."""
    kind = media_type(request)
    if kind == "application/json":
        return Upload(body=await request.body())
    if kind != "multipart/form-data":
        raise HTTPException(415, "send application/json, or files as multipart/form-data")
    async with request.form(max_files=MOST_ARTICLES, max_fields=0) as form:
        files = [part for part in form.getlist("files") if not isinstance(part, str)]
        if not files:
            raise HTTPException(422, "the form has no file in a field called files")
        return Upload(files=tuple([(part.filename or "", await part.read()) for part in files]))


class _Envelope(BaseModel):
    """The outside of an `ArticlesRequest`: what is inside is judged one by one, so that the good ones go in."""

    model_config = ConfigDict(extra="forbid")

    articles: list[Any] = Field(max_length=MOST_ARTICLES)


@router.post("/v1/articles", openapi_extra={"requestBody": _ADD_BODY})
def add(query: InCollection, library: OpenLibrary, sent: Annotated[Upload, Depends(upload)]) -> ArticlesResponse:
    """Stores articles, as JSON or as files; an id that is there is replaced.

    What the counts count is durable, and the next question finds it. A bad article is named and the rest goes in.
    A collection that is not there is made.
    """
    items = list(first_of_each_id(_from_json(sent.body) if sent.files is None else _from_files(sent.files)))
    accepted = [replace(item, origin="") for item in items if isinstance(item, Loaded)]  # no --prune may take them away
    report = _store(accepted, library=library, collection=query.collection)
    return ArticlesResponse(
        added=report.added,
        replaced=report.replaced,
        unchanged=report.unchanged,
        rejected=[_rejected(item) for item in items if isinstance(item, Unreadable)],
    )


@router.get("/v1/articles")
def page(query: Annotated[PageQuery, Query()], library: OpenLibrary) -> ArticlePage:
    """What is in a collection, sorted by id, page by page."""
    with library.archive(query.collection).reading() as index:
        articles = index.articles(after=query.after, limit=query.limit + 1)
    shown = articles[: query.limit]
    return ArticlePage(
        articles=[article_summary(article) for article in shown],
        next=shown[-1].id if len(articles) > query.limit else None,
    )


@router.get("/v1/articles/{id:path}")
def read(article_id: Id, query: InCollection, library: OpenLibrary) -> ArticleView:
    """An article; its text is what offsets count."""
    with library.archive(query.collection).reading() as index:
        return article_view(index.article(article_id))


@router.put("/v1/articles/{id:path}", dependencies=[Depends(require_json)])
def put(
    article_id: Id,
    content: Annotated[ArticleContent, Body(openapi_examples=PUT_EXAMPLES)],
    query: InCollection,
    library: OpenLibrary,
    response: Response,
) -> ArticleView:
    """Stores an article under an id, in place of the one that is there; 201 if there was none."""
    article = article_from_record({"id": article_id, **content.model_dump()})
    report = _store([Loaded(article=article)], library=library, collection=query.collection)
    response.status_code = 201 if report.added else 200
    return article_view(article)


@router.delete("/v1/articles/{id:path}", status_code=204)
def delete(article_id: Id, query: InCollection, library: OpenLibrary) -> None:
    """Takes an article out; the next question does not find it."""
    with library.archive(query.collection).writing() as writer:
        gone = writer.delete([article_id])
    if not gone:
        raise NotFoundError(f"there is no article {article_id!r}", hint="GET /v1/articles lists what there is")


def _store(loaded: Collection[Loaded], *, library: Library, collection: str | None) -> IngestReport:
    if not loaded:
        return IngestReport()
    archive = library.archive(collection, create=True)
    return ingest(loaded, archive=archive, chunker=library.chunker, embedder=library.embedder)


def _from_files(files: Iterable[tuple[str, bytes]]) -> Iterator[Loaded | Unreadable]:
    for name, data in files:
        for item in load_bytes(name, data):
            yield replace(item, origin=name)


def _from_json(body: bytes) -> Iterator[Loaded | Unreadable]:
    try:
        envelope = _Envelope.model_validate(json.loads(body))
    except ValidationError as error:
        problems = [{**detail, "loc": ("body", *detail["loc"])} for detail in error.errors()]
        raise RequestValidationError(problems) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error
    for number, record in enumerate(envelope.articles):
        given = record.get("id") if isinstance(record, dict) else None
        yield _from_record(record, name=given if isinstance(given, str) else f"articles[{number}]")


def _from_record(record: object, *, name: str) -> Loaded | Unreadable:
    if not isinstance(record, dict):
        return Unreadable(error=ArticleError("is not an object", hint="write it as {...}"), origin=name)
    try:
        return Loaded(article=article_from_record(record), origin=name)
    except ArticleError as error:
        return Unreadable(error=error, origin=name)


def _rejected(item: Unreadable) -> RejectedArticle:
    error, name = item.error, item.origin if item.line is None else f"{item.origin}:{item.line}"
    message = f"{error.message} ({error.hint})" if error.hint else error.message
    return RejectedArticle(id=printable(name), code=error.code, message=printable(message))
