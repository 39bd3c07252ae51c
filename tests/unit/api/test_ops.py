import pytest
from fastapi.testclient import TestClient

from rag.api.app import WEB, create_app
from rag.errors import IndexMismatchError
from rag.settings import Settings, load


def test_alive_and_ready(empty: TestClient) -> None:
    assert empty.get("/healthz").json() == {"status": "ok"}
    assert empty.get("/readyz").json() == {"status": "ok"}


def test_an_empty_archive_is_served_says_so_and_can_be_filled(empty: TestClient) -> None:
    record = empty.post("/v1/ask", json={"question": "Who?"}).json()
    assert (record["abstained"], record["code"], record["reason"]) == (True, "empty_archive", "the archive is empty")
    assert empty.get("/v1/index").json()["facts"]["articles"] == 0
    empty.post("/v1/articles", json={"articles": [{"id": "a", "title": "T", "text": "x"}]})
    assert empty.post("/v1/ask", json={"question": "Who?"}).json()["code"] != "empty_archive"


def test_the_service_does_not_start_on_an_index_of_another_embedder(client: TestClient, settings: Settings) -> None:
    other = load({**settings.model_dump(), "passage_tokens": 64}, environ={})
    with pytest.raises(IndexMismatchError), TestClient(create_app(other)):
        pass


def test_index_tells_what_can_be_filtered_by(client: TestClient) -> None:
    record = client.get("/v1/index").json()
    assert record["collection"] == "default"
    assert record["facts"]["articles"] == 2
    assert record["sources"] == [
        {"value": "Example Post", "articles": 1},
        {"value": "Example Wire", "articles": 1},
    ]
    assert record["tags"] == [{"value": "transport", "articles": 2}, {"value": "sea", "articles": 1}]
    assert record["languages"] == [{"value": "en", "articles": 1}]


def test_filter_values_follow_changes(client: TestClient) -> None:
    client.get("/v1/index")
    client.delete("/v1/articles/wire/2024/ferry")
    assert client.get("/v1/index").json()["tags"] == [{"value": "transport", "articles": 1}]
    client.post("/v1/articles", json={"articles": [{"id": "z", "title": "T", "text": "x", "tags": ["a", "b"]}]})
    record = client.get("/v1/index").json()
    assert record["tags"] == [{"value": name, "articles": 1} for name in ("a", "b", "transport")]


def test_the_page_and_its_headers(client: TestClient) -> None:
    index = WEB / "index.html"
    response = client.get("/")
    assert response.status_code == (200 if index.exists() else 404)
    for path in ("/", "/healthz", "/v1/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-request-id"]


def test_docs_load_nothing_and_run_nothing(client: TestClient) -> None:
    response = client.get("/docs")
    assert response.status_code == 200
    assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    for unwanted in ("<script", "src=", "<link", "url("):
        assert unwanted not in response.text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in response.text
    for code in ("index.missing", "input.question", "request.invalid", "internal"):
        assert f'id="{code}"' in response.text
