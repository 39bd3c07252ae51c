import logging

import pytest
from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}
POSTS = ["/v1/ask", "/v1/search", "/v1/articles"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"question": ' * 100_000,
        b"\xff\xfe{}",
        b'{"question": "\xff"}',
        b"null",
        b"[]",
        b'{"question": ' + b"9" * 5000 + b"}",
        b'{"articles": {}}',
        b'{"articles": null}',
        b'{"question": NaN, "top_k": Infinity}',
    ],
)
def test_bodies_that_are_not_what_they_should_be(client: TestClient, path: str, body: bytes) -> None:
    response = client.post(path, content=body, headers=JSON)
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] in {"request.malformed", "request.invalid"}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp", "?;/"]
)
def test_bodies_of_other_kinds(client: TestClient, path: str, kind: str) -> None:
    response = client.post(path, content=b'{"question": "who?"}', headers={"Content-Type": kind})
    assert response.status_code == 415
    assert response.json()["code"] == "request.media_type"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt'),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
    ],
)
def test_broken_forms(client: TestClient, kind: str, body: bytes) -> None:
    response = client.post("/v1/articles", content=body, headers={"Content-Type": kind})
    assert response.status_code in {400, 422}
    assert response.json()["code"] in {"request.malformed", "request.invalid"}


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\udfff\ud800", r"\ufeff", r"\u202e"])
def test_odd_characters_in_json_strings(client: TestClient, escape: str) -> None:
    for path, body in (
        ("/v1/ask", f'{{"question": "who{escape}?"}}'),
        ("/v1/search", f'{{"question": "who{escape}?", "where": {{"tags": "{escape}x"}}}}'),
        ("/v1/articles", f'{{"articles": [{{"id": "odd{escape}", "title": "T{escape}", "text": "x{escape}y"}}]}}'),
        ("/v1/articles", f'{{"articles": [{{"id": "even", "title": "T{escape}", "text": "x{escape}y"}}]}}'),
        ("/v1/articles", f'{{"articles": [], "{escape}": 1}}'),
    ):
        response = client.post(path, content=body.encode(), headers=JSON)
        assert response.status_code in {200, 422}
        response.json()
    stored = client.get("/v1/articles/even")
    if stored.status_code == 200:
        assert "\x00" not in stored.json()["text"]


def test_a_body_over_the_limit(empty: TestClient) -> None:
    limit = empty.app.state.library.settings.max_body_bytes  # type: ignore[attr-defined]
    for headers in (JSON, {"Content-Type": "multipart/form-data; boundary=b"}):
        announced = empty.post("/v1/articles", content=b" " * (limit + 1), headers=headers)
        chunks = (b" " * 2**20 for _ in range(limit // 2**20 + 1))
        streamed = empty.post("/v1/articles", content=chunks, headers=headers)
        for response in (announced, streamed):
            assert response.status_code == 413
            assert response.json()["code"] == "request.too_large"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "route.missing"),
        ("POST", "/v1/nothing", 404, "route.missing"),
        ("GET", "/../../etc/passwd", 404, "route.missing"),
        ("GET", "/%2e%2e/%2e%2e/rag/settings.py", 404, "route.missing"),
        ("GET", "/..%2fsettings.py", 404, "route.missing"),
        ("GET", "/%00", 404, "route.missing"),
        ("GET", "/" + "x" * 5000, 404, "route.missing"),
        ("GET", "/v1/ask", 405, "route.method"),
        ("DELETE", "/v1/articles", 405, "route.method"),
        ("POST", "/v1/articles/a", 405, "route.method"),
    ],
)
def test_routes_that_are_not_there(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "A", "", "x" * 65, ".", "a\n", "ä", "-a"])
def test_collection_names_lead_nowhere(client: TestClient, name: str) -> None:
    for response in (
        client.post("/v1/ask", json={"question": "who?", "collection": name}),
        client.post("/v1/articles", params={"collection": name}, json={"articles": []}),
        client.get("/v1/index", params={"collection": name}),
    ):
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "collection"


def test_questions_stay_out_of_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="rag"):
        client.post("/v1/ask", json={"question": "Has the minister a secret?"}, headers={"X-Request-ID": "r-1"})
        client.get("/v1/articles/line%0Abreak")
    lines = [record.getMessage() for record in caplog.records if record.name == "rag.api.middleware.access_log"]
    assert len(lines) == 2
    assert lines[0].startswith("POST /v1/ask 200 ")
    assert lines[0].endswith("[r-1]")
    assert lines[1].startswith("GET /v1/articles/line%0Abreak 404 ")
    assert "secret" not in caplog.text
