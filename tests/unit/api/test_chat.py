"""What /v1/chat/completions takes and refuses, and how it says so."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from rag.api import chat
from rag.api.problems import speaks_openai
from rag.api.schemas import AskOptions, AskRequest, SearchRequest

ROUTE = "/v1/chat/completions"
QUESTION = {"role": "user", "content": "Who is the captain of the ferry?"}
TINY = {"model": "quoth", "messages": [QUESTION], "quoth": {"min_probability": 0}}


def error(response: Any) -> dict[str, Any]:
    body = response.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["message", "type", "param", "code"]
    assert response.headers["content-type"] == "application/json"
    record: dict[str, Any] = body["error"]
    return record


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 2, "top_p": 0.1, "seed": 7, "max_tokens": 1, "max_completion_tokens": 1, "stop": ["."]},
        {"presence_penalty": 1, "frequency_penalty": 1, "user": "u", "store": True, "metadata": {"a": "b"}},
        {"n": 1, "tools": [], "functions": None, "logprobs": False, "response_format": {"type": "text"}},
        {"tool_choice": "auto", "modalities": ["text"], "stream": None, "stream_options": None, "unheard_of": {}},
    ],
)
def test_what_cannot_matter_changes_nothing(client: TestClient, more: dict[str, Any]) -> None:
    plain, other = (client.post(ROUTE, json=body).json() for body in (TINY, {**TINY, **more}))
    assert plain["choices"] == other["choices"]
    assert plain["usage"] == other["usage"]


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"n": 2}, "n", "one reply"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "no tools"),
        ({"functions": [{"name": "f"}]}, "functions", "no functions"),
        ({"logprobs": True}, "logprobs", "log probabilities"),
        ({"response_format": {"type": "json_object"}}, "response_format", "the reply is text"),
        ({"modalities": ["text", "audio"]}, "modalities", "the reply is text"),
        ({"messages": []}, "messages", "send a message of the role user"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages", "send a message of the role user"),
        ({"messages": [QUESTION, {"role": "tool", "content": "x"}]}, "messages[1].role", "no tools"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content", "only text"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content", "only text"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "string"),
        ({"messages": [{"role": "user", "content": "x" * 1_000_001}]}, "messages", "too long"),
        ({"model": None}, "model", "string"),
        ({"quoth": {"question": "Who?"}}, "quoth.question", "Extra inputs"),
        ({"quoth": {"where": {"tag": "x"}}}, "quoth.where.tag", "Extra inputs"),
    ],
)
def test_refusals(client: TestClient, more: dict[str, Any], param: str, words: str) -> None:
    response = client.post(ROUTE, json={**TINY, **more})
    assert response.status_code == 400
    record = error(response)
    assert (record["type"], record["param"], record["code"]) == ("invalid_request_error", param, "request.invalid")
    assert words in record["message"]


@pytest.mark.parametrize("content", ["  ", "", None, [], "x" * 2001])
def test_questions_that_cannot_be_asked(client: TestClient, content: object) -> None:
    response = client.post(ROUTE, json={**TINY, "messages": [{"role": "user", "content": content}]})
    assert response.status_code == 400
    assert (error(response)["code"], error(response)["param"]) == ("input.question", "messages")


@pytest.mark.parametrize(
    "name", ["gpt-6-astra", "", "default", "quoth/", "quoth/default", "quoth/..", "quoth/../x", "é"]
)
def test_models_that_are_not_there(client: TestClient, name: str) -> None:
    for response in (client.post(ROUTE, json={**TINY, "model": name}), client.get(f"/v1/models/{name}%2F")):
        assert response.status_code == 404
        assert (error(response)["code"], error(response)["param"]) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("send", "status", "code"),
    [
        (lambda client: client.post(ROUTE, content=b"{", headers={"Content-Type": "application/json"}), 400,
         "request.malformed"),
        (lambda client: client.post(ROUTE, content=b"{}", headers={"Content-Type": "text/plain"}), 415,
         "request.media_type"),
        (lambda client: client.get(ROUTE), 405, "route.method"),
        (lambda client: client.get("/v1/chat/nothing"), 404, "route.missing"),
        (lambda client: client.get("/v1/models", headers={"Host": "evil.example"}), 421, "request.host"),
        (lambda client: client.post(ROUTE, json=TINY, headers={"Sec-Fetch-Site": "cross-site"}), 403,
         "request.origin"),
        (lambda client: client.post(ROUTE, content=b" " * (4 * 2**20 + 1)), 413, "request.too_large"),
    ],
)  # fmt: skip
def test_what_goes_wrong_before_has_the_same_shape(
    client: TestClient, send: Callable[[TestClient], Any], status: int, code: str
) -> None:
    response = send(client)
    assert (response.status_code, error(response)["code"]) == (status, code)


def test_our_own_defects_have_the_same_shape(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "reply", None)
    response = client.post(ROUTE, json=TINY)
    assert response.status_code == 500
    assert (error(response)["type"], error(response)["code"]) == ("server_error", "internal")


def test_only_these_routes_speak_it() -> None:
    assert all(map(speaks_openai, [ROUTE, "/v1/models", "/v1/models/quoth", "/v1/models/"]))
    assert not any(map(speaks_openai, ["/v1/ask", "/v1/modelsx", "/v1/articles/v1/models", "/"]))


def test_the_last_message_of_the_user_is_asked(client: TestClient) -> None:
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello yourself"}]
    alone = client.post(ROUTE, json=TINY).json()
    later = client.post(ROUTE, json={**TINY, "messages": [*turns, QUESTION, turns[1]]}).json()
    assert later["quoth"]["question"] == QUESTION["content"]
    assert later["choices"] == alone["choices"]
    assert later["usage"]["prompt_tokens"] > alone["usage"]["prompt_tokens"]


def test_quotes_open_where_they_stand(client: TestClient) -> None:
    ferry, bridge = (
        client.post(ROUTE, json={**TINY, "quoth": {"min_probability": 0, "where": {"ids": name}}}).json()
        for name in ("wire/2024/ferry", "post/bridge")
    )
    [published, own] = (
        reply["choices"][0]["message"]["annotations"][0]["url_citation"]["url"] for reply in (ferry, bridge)
    )
    assert published.startswith("https://example.org/ferry?a=1#:~:text=")
    cited = bridge["quoth"]["answers"][0]["citations"][0]
    place = f"start={cited['start']}&end={cited['end']}&sha256={cited['sha256'][:12]}"
    assert own == f"http://127.0.0.1/#/article/post%2Fbridge?{place}"


def test_in_another_collection_they_open_as_json(client: TestClient) -> None:
    client.post(
        "/v1/articles?collection=more", json={"articles": [{"id": "a/b", "title": "T", "text": "Ana is captain."}]}
    )
    reply = client.post(ROUTE, json={**TINY, "model": "quoth/more"}).json()
    url = reply["choices"][0]["message"]["annotations"][0]["url_citation"]["url"]
    assert client.get(url).json()["id"] == "a/b"


def test_a_stream_is_ascii_events(client: TestClient) -> None:
    response = client.post(ROUTE, json={**TINY, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.content.isascii()
    *events, done, end = response.text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    records = [json.loads(event.removeprefix("data: ")) for event in events]
    assert all(record["object"] == "chat.completion.chunk" and "usage" not in record for record in records)
    assert ["quoth" in record for record in records] == [False] * (len(records) - 1) + [True]


def test_options_are_those_of_ask() -> None:
    assert set(AskRequest.model_fields) == {*AskOptions.model_fields, "question", "collection", "history"}
    assert list(AskRequest.model_fields)[: len(SearchRequest.model_fields)] == list(SearchRequest.model_fields)


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\udfff\ud800", r"\u202e", r"```", r"](x)"])
def test_odd_characters(client: TestClient, escape: str) -> None:
    for body in (
        f'{{"model": "{escape}", "messages": [{{"role": "user", "content": "Who?"}}]}}',
        f'{{"model": "quoth", "messages": [{{"role": "user", "content": "Who is captain {escape}?"}}]}}',
        f'{{"model": "quoth", "messages": [{{"role": "{escape}", "content": "Who?"}}]}}',
        f'{{"model": "quoth", "messages": [{{"role": "user", "content": [{{"type": "text", "text": "{escape}"}}]}}]}}',
        f'{{"model": "quoth", "messages": [{{"role": "user", "content": "Who?"}}], "quoth": {{"{escape}": 1}}}}',
        f'{{"model": "quoth", "messages": [{{"role": "user", "content": "Who?"}}], "n": "{escape}", "x{escape}": NaN}}',
        f'{{"model": ["{escape}"], "messages": {{"{escape}": {"[" * 50 + "]" * 50}}}}}',
    ):
        response = client.post(ROUTE, content=body.encode(), headers={"Content-Type": "application/json"})
        assert response.status_code in {200, 400, 404}
        response.json()


def test_a_follow_up_is_asked_with_what_was_said_before(client: TestClient) -> None:
    said = client.post(
        ROUTE, json={**TINY, "messages": [{"role": "user", "content": "Who is Ilse Vandermoor?"}]}
    ).json()
    turns = [
        {"role": "user", "content": "Who is Ilse Vandermoor?"},
        {"role": "assistant", "content": said["choices"][0]["message"]["content"]},
        {"role": "user", "content": "And how old is Ilse's sister?"},
        {"role": "assistant", "content": "> \u201cShe is **nine** years old.\u201d"},
        {"role": "user", "content": "Where does she live?"},
    ]
    asked = client.post(ROUTE, json={**TINY, "messages": turns}).json()["quoth"]["asked_as"]
    assert asked != "Where does she live?"
    assert "Ilse" in asked
