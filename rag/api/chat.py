"""/v1/chat/completions and /v1/models: the archive for clients that speak OpenAI's API.

A collection is a model: ``quoth`` is the one the service was started with, ``quoth/NAME`` any other. A stream begins
once the answer is known, so that whatever goes wrong has its own status.
"""

import json
from collections.abc import Iterator, Mapping
from time import time
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from fastapi import APIRouter, Body, Depends, Path, Request
from fastapi.responses import StreamingResponse

from rag.api.chat_schemas import ChatChoice, ChatCompletion, ChatReply, ChatRequest, ChatUsage, Model, Models
from rag.api.dependencies import OpenLibrary, require_json
from rag.api.problems import OpenAIProblem
from rag.bootstrap import Library
from rag.errors import NotFoundError
from rag.responses.chat import Link, reply
from rag.responses.links import text_fragment_link
from rag.responses.views import ask_response
from rag.types import Citation

MODEL = "quoth"
# As the page writes it, from where it opens the article at the quote (see `rag/web/route.js`).
DIGEST_LENGTH = 12

router = APIRouter(
    tags=["chat"],
    responses={"default": {"description": "An error as OpenAI says it", "model": OpenAIProblem}},
)

ModelId = Annotated[str, Path(alias="id", description="`quoth`, or `quoth/NAME`.", examples=[MODEL])]
CHAT_EXAMPLES = {
    "question": {
        "summary": "A question",
        "value": {"model": MODEL, "messages": [{"role": "user", "content": "Who backs Hezbollah?"}]},
    },
    "options": {
        "summary": "With options of /v1/ask, and parameters that cannot matter",
        "value": {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": "Answer in rhymes."},
                {"role": "user", "content": [{"type": "text", "text": "When was the harbour bridge closed?"}]},
            ],
            "temperature": 0.7,
            "quoth": {"min_probability": 0.3, "where": {"published_after": "2024-01-01"}},
        },
    },
}


@router.post(
    "/v1/chat/completions",
    response_model=ChatCompletion,
    dependencies=[Depends(require_json)],
    responses={200: {"content": {"text/event-stream": {}}}},
)
def complete(
    sent: Annotated[ChatRequest, Body(openapi_examples=CHAT_EXAMPLES)], request: Request, library: OpenLibrary
) -> ChatCompletion | StreamingResponse:
    """Answers the last message of the user in the archive's own words, or says that the archive does not say.

    The content is the quoted answer in a fixed frame of Markdown; `annotations` has the place of each quote in it, and
    `quoth` the whole reply of `/v1/ask`. With `stream` both are in the chunk that has the `finish_reason`.
    """
    collection = _collections(library).get(sent.model)
    if collection is None:
        raise NotFoundError(f"there is no model {sent.model!r}", hint="GET /v1/models lists what there is")
    options = sent.quoth.options()
    options["history"] = sent.turns
    result = library.pipeline(collection).ask(sent.question, **options)
    said = reply(result, link=_link(str(request.base_url), collection=None if sent.model == MODEL else collection))
    completion = ChatCompletion(
        id=f"chatcmpl-{uuid4().hex}",
        created=int(time()),
        model=sent.model,
        choices=(ChatChoice(message=ChatReply(content=said.content, annotations=list(said.annotations))),),
        usage=_usage(library, prompt=[*(turn.content for turn in sent.turns), sent.question], content=said.content),
        quoth=ask_response(result, with_passages="passages" in sent.quoth.include),
    )
    if not sent.stream:
        return completion
    with_usage = bool(sent.stream_options and sent.stream_options.include_usage)
    return StreamingResponse(events(completion, with_usage=with_usage), media_type="text/event-stream")


@router.get("/v1/models")
def models(library: OpenLibrary) -> Models:
    """The collections, as models: the one that the service was started with first."""
    return Models(data=[Model(id=name) for name in _collections(library)])


@router.get("/v1/models/{id:path}")
def model(name: ModelId, library: OpenLibrary) -> Model:
    """One of them."""
    if name not in _collections(library):
        raise NotFoundError(f"there is no model {name!r}", hint="GET /v1/models lists what there is")
    return Model(id=name)


def events(completion: ChatCompletion, *, with_usage: bool) -> Iterator[str]:
    """The completion as server-sent events, in ASCII: the role, the content line by line, the rest, the usage."""
    record = completion.model_dump(mode="json")
    head = {name: record[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    message = record["choices"][0]["message"]

    def event(delta: Mapping[str, Any], *, finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**head, "choices": [choice], **({"usage": None} if with_usage else {}), **more})

    yield event({"role": message["role"], "content": ""})
    for line in message["content"].splitlines(keepends=True):
        yield event({"content": line})
    yield event({"annotations": message["annotations"]}, finish="stop", quoth=record["quoth"])
    if with_usage:
        yield _event({**head, "choices": [], "usage": record["usage"]})
    yield "data: [DONE]\n\n"


def _event(data: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


def _collections(library: Library) -> dict[str, str]:
    """Model -> collection, the default one first, if it is there."""
    names, default = library.collections(), library.settings.collection
    first = {MODEL: default} if default in names else {}
    return first | {f"{MODEL}/{name}": name for name in names if name != default}


def _link(base_url: str, *, collection: str | None) -> Link:
    """Addresses of citations: the article's own, at the quote; without one, this service's.

    That is the page, open at the quote; it shows the default collection only, so that for another one (``collection``)
    it is the article as JSON.
    """

    def link(citation: Citation) -> str:
        name = quote(citation.article.id, safe="")
        if published := text_fragment_link(citation):
            return published
        if collection is not None:
            return f"{base_url}v1/articles/{name}?{urlencode({'collection': collection})}"
        part = {"part": citation.part} if citation.part != "text" else {}
        digest = citation.article.sha256[:DIGEST_LENGTH]
        place = urlencode({**part, "start": citation.start, "end": citation.end, "sha256": digest})
        return f"{base_url}#/article/{name}?{place}"

    return link


def _usage(library: Library, *, prompt: list[str], content: str) -> ChatUsage:
    asked, said = (sum(len(library.embedder.token_spans(text)) for text in texts) for texts in (prompt, [content]))
    return ChatUsage(prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said)
