"""POST /v1/ask and /v1/search."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends

from rag.api.dependencies import OpenLibrary, require_json
from rag.api.schemas import AskRequest, SearchRequest
from rag.responses.schemas import AskResponse, SearchResponse
from rag.responses.views import ask_response, passage_views

router = APIRouter(tags=["questions"], dependencies=[Depends(require_json)])

ASK_EXAMPLES = {
    "question": {"summary": "Just a question", "value": {"question": "Who backs Hezbollah?"}},
    "filtered": {
        "summary": "Only some articles, and the passages that were read",
        "value": {
            "question": "When was the harbour bridge closed?",
            "top_k": 5,
            "max_answers": 2,
            "min_probability": 0.3,
            "where": {"published_after": "2024-01-01", "source": ["Example Wire", "Example Post"], "tags": "transport"},
            "include": ["passages"],
        },
    },
    "history": {
        "summary": "A follow-up, with what was said before",
        "value": {
            "question": "And when was that?",
            "history": [
                {"role": "user", "content": "Who closed the harbour bridge?"},
                {"role": "assistant", "content": "The city engineer closed the harbour bridge."},
            ],
        },
    },
}
SEARCH_EXAMPLES = {
    "question": {"summary": "The three best passages", "value": {"question": "harbour bridge closure", "top_k": 3}}
}


@router.post("/v1/ask")
def ask(request: Annotated[AskRequest, Body(openapi_examples=ASK_EXAMPLES)], library: OpenLibrary) -> AskResponse:
    """Answers in the archive's own words, each with every place that says so, or the statement that there is none."""
    result = library.pipeline(request.collection).ask(request.question, **request.options())
    return ask_response(result, with_passages="passages" in request.include)


@router.post("/v1/search")
def search(
    request: Annotated[SearchRequest, Body(openapi_examples=SEARCH_EXAMPLES)], library: OpenLibrary
) -> SearchResponse:
    """The passages that would be read for a question, best first."""
    hits = library.pipeline(request.collection).search(request.question, **request.options())
    return SearchResponse(question=request.question, passages=passage_views(hits))
