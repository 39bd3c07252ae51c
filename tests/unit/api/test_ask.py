import json
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

FERRY_QUESTION = "Who is the captain of the ferry?"


def stored_text(client: TestClient, article_id: str) -> str:
    response = client.get(f"/v1/articles/{quote(article_id)}")
    assert response.status_code == 200
    text: str = response.json()["text"]
    return text


def test_every_citation_is_a_slice_of_the_article_as_served(client: TestClient) -> None:
    for question in (FERRY_QUESTION, "When does the ferry leave Port Ellery?", "Who likes it?", "bridge closed"):
        body = {"question": question, "min_probability": 0, "max_answers": 20}
        response = client.post("/v1/ask", json=body)
        assert response.status_code == 200
        record = response.json()
        citations = [citation for answer in record["answers"] for citation in answer["citations"]]
        assert citations
        for citation in citations:
            text = stored_text(client, citation["article_id"])
            start, end = citation["start"], citation["end"]
            assert text[start:end] == citation["quote"]
            assert text[:start].endswith(citation["before"])
            assert text[end:].startswith(citation["after"])
            by_quote, by_position = citation["selectors"]
            assert by_quote["type"], by_position["type"] == ("TextQuoteSelector", "TextPositionSelector")
            assert by_quote["prefix"] + by_quote["exact"] + by_quote["suffix"] in text
            assert text[by_position["start"] : by_position["end"]] == by_quote["exact"] == citation["quote"]


def test_ask_has_the_shape_of_the_contract(client: TestClient) -> None:
    record = client.post("/v1/ask", json={"question": FERRY_QUESTION, "min_probability": 0}).json()
    assert list(record) == [
        "question", "asked_as", "abstained", "code", "reason", "answers", "candidates", "nearest", "passages",
        "timings", "fingerprint", "calibration",
    ]  # fmt: skip
    assert record["abstained"] is False
    assert record["reason"] is None
    assert record["passages"] is None
    assert all(name.endswith("_ms") for name in record["timings"])
    answer = record["answers"][0]
    assert list(answer) == ["kind", "text", "probability", "likelihood", "score", "citations"]
    assert answer["text"] == answer["citations"][0]["quote"]
    assert list(answer["citations"][0]) == [
        "article_id", "title", "url", "source", "author", "language", "published_at", "tags", "sha256", "part", "start",
        "end", "quote", "before", "after", "selectors", "link",
    ]  # fmt: skip
    ferry = next(c for a in record["answers"] for c in a["citations"] if c["article_id"] == "wire/2024/ferry")
    assert ferry["published_at"] == "2024-05-04T10:00:00Z"
    assert ferry["link"].startswith("https://example.org/ferry?a=1#:~:text=")


def test_abstaining_is_no_error_and_shows_what_came_nearest(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": "Who is the president of France?", "min_probability": 1})
    record = response.json()
    assert response.status_code == 200
    assert record["abstained"] is True
    assert record["answers"] == []
    assert record["reason"]
    assert record["code"] == "low_probability"
    for citation in record["nearest"]:
        assert stored_text(client, citation["article_id"])[citation["start"] : citation["end"]] == citation["quote"]


def test_passages_come_along_if_asked_for(client: TestClient) -> None:
    record = client.post("/v1/ask", json={"question": FERRY_QUESTION, "include": ["passages"]}).json()
    passages = client.post("/v1/search", json={"question": FERRY_QUESTION}).json()["passages"]
    assert record["passages"] == passages
    assert passages[0]["ranks"] == {"dense": 1, "lexical": 1}
    for passage in passages:
        assert stored_text(client, passage["article_id"])[passage["start"] : passage["end"]] == passage["text"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, {"wire/2024/ferry", "post/bridge"}),
        ({"source": "Example Post"}, {"post/bridge"}),
        ({"source": ["Example Post", "Example Wire"]}, {"wire/2024/ferry", "post/bridge"}),
        ({"tags": "sea"}, {"wire/2024/ferry"}),
        ({"language": ["en"]}, {"wire/2024/ferry"}),
        ({"ids": "post/bridge"}, {"post/bridge"}),
        ({"published_after": "2024-05-04"}, {"wire/2024/ferry"}),
        ({"published_before": "2024-05-04"}, {"post/bridge"}),
        ({"published_after": "2024-05-04T10:00:00"}, {"wire/2024/ferry"}),
        ({"published_after": "2024-05-04T10:00:01"}, set()),
        ({"published_after": "2024-05-04T12:00:00+02:00"}, {"wire/2024/ferry"}),
        ({"source": "Nobody"}, set()),
    ],
)
def test_where(client: TestClient, where: dict[str, object], found: set[str]) -> None:
    response = client.post("/v1/search", json={"question": "Port Ellery harbour bridge ferry", "where": where})
    assert {passage["article_id"] for passage in response.json()["passages"]} == found


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": 7}, "question"),
        ({"question": "x", "context": []}, "context"),
        ({"question": "x", "top_k": -1}, "top_k"),
        ({"question": "x", "top_k": 0}, "top_k"),
        ({"question": "x", "top_k": 10**30}, "top_k"),
        ({"question": "x", "top_k": "5"}, "top_k"),
        ({"question": "x", "top_k": True}, "top_k"),
        ({"question": "x", "max_answers": 21}, "max_answers"),
        ({"question": "x", "min_probability": 1.5}, "min_probability"),
        ({"question": "x", "include": ["everything"]}, "include[0]"),
        ({"question": "x", "collection": "../etc"}, "collection"),
        ({"question": "x", "collection": "default\n"}, "collection"),
        ({"question": "x", "where": {"published_after": "soon"}}, "where.published_after"),
        ({"question": "x", "where": {"published_after": 1714800000}}, "where.published_after"),
        ({"question": "x", "where": {"published_after": "0001-01-01T00:00:00+10:00"}}, "where.published_after"),
        ({"question": "x", "where": {"tags": [1]}}, "where.tags[0]"),
        ({"question": "x", "where": {"tags": ["t"] * 1001}}, "where.tags"),
        ({"question": "x", "where": {"tag": "t"}}, "where.tag"),
        ([], ""),
    ],
)
def test_a_request_that_is_not_as_described_is_refused_by_field(client: TestClient, body: object, field: str) -> None:
    response = client.post("/v1/ask", json=body)
    record = response.json()
    assert response.status_code == 422
    assert record["code"] == "request.invalid"
    assert field in [entry["field"] for entry in record["errors"]]


@pytest.mark.parametrize("question", ["", "  \n ", "\u200b\x00", "?" * 2001])
def test_questions_that_cannot_be_asked(client: TestClient, question: str) -> None:
    response = client.post("/v1/ask", json={"question": question})
    if question == "\u200b\x00":  # odd, but a question
        assert response.status_code == 200
    else:
        assert response.status_code == 422
        assert response.json()["code"] == "input.question"


def test_a_collection_that_is_not_there(client: TestClient) -> None:
    for path in ("/v1/ask", "/v1/search"):
        response = client.post(path, json={"question": "who?", "collection": "elsewhere"})
        assert response.status_code == 404
        assert response.json()["code"] == "index.missing"
        assert response.json()["hint"]


def test_a_follow_up_is_read_in_its_history(client: TestClient) -> None:
    history = [
        {"role": "user", "content": "When does the ferry Anneke Lund leave Port Ellery?"},
        {"role": "assistant", "content": "At noon."},
    ]
    record = client.post("/v1/ask", json={"question": "And who is its captain?", "history": history}).json()
    assert record["question"] == "And who is its captain?"
    assert record["asked_as"] == "Who is the ferry Anneke Lund's captain?"


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "user", "content": "Who?"}] * 21,
        [{"role": "user", "content": "a" * 8_001}],
        [{"role": "system", "content": "Be kind."}],
        [{"role": "user"}],
        [{"role": "user", "content": "Who?", "name": "Ann"}],
        [{"role": "user", "content": "\ud800"}],
        "Who?",
    ],
)
def test_a_history_out_of_bounds_is_refused(client: TestClient, history: object) -> None:
    body = json.dumps({"question": "Who?", "history": history})
    response = client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
