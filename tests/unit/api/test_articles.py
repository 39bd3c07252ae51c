import hashlib
import json
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from .conftest import BRIDGE, FERRY

NOTHING = {"added": 0, "replaced": 0, "unchanged": 0, "rejected": []}


def article(article_id: object, **fields: object) -> dict[str, object]:
    return {"id": article_id, "title": "T", "text": "The lamp of Oban was lit in 1911.", **fields}


def test_an_article_comes_back_as_it_is_stored(client: TestClient) -> None:
    record = client.get("/v1/articles/wire/2024/ferry").json()
    assert record["text"].endswith("The captain of the ferry is Ana Müller 🧑‍✈️ of Port Ellery.")
    assert "\r" not in record["text"]
    assert "Zoë Café" in record["text"]
    assert record["length"] == len(record["text"])
    assert record["sha256"] == hashlib.sha256(record["text"].encode()).hexdigest()
    assert record["published_at"] == "2024-05-04T10:00:00Z"
    assert {key: record[key] for key in ("id", "title", "url", "source", "author", "language", "tags")} == {
        key: FERRY[key] for key in ("id", "title", "url", "source", "author", "language", "tags")
    }


def test_bulk_add_counts_what_became_of_each(client: TestClient) -> None:
    articles = [
        article("new"),
        BRIDGE,
        {**FERRY, "title": "Another title"},
        article("new", title="the same id again"),
        article("blank", text=" \n "),
        article("late", published_at="yesterday-ish"),
        article("odd", colour="red"),
        article("numb", text=7),
        article(7),
        {"title": "T", "text": "x"},
        "not an object",
    ]
    response = client.post("/v1/articles", json={"articles": articles})
    record = response.json()
    assert response.status_code == 200
    assert {key: record[key] for key in ("added", "replaced", "unchanged")} == {
        "added": 1,
        "replaced": 1,
        "unchanged": 1,
    }
    assert [entry["id"] for entry in record["rejected"]] == [
        "new", "blank", "late", "odd", "numb", "articles[8]", "articles[9]", "articles[10]",
    ]  # fmt: skip
    assert {entry["code"] for entry in record["rejected"]} == {"input.article"}
    assert all(entry["message"] for entry in record["rejected"])
    assert client.get("/v1/articles/new").json()["title"] == "T"


def test_what_is_added_is_answerable_at_once_and_what_is_deleted_is_gone(client: TestClient) -> None:
    def found() -> bool:
        passages = client.post("/v1/search", json={"question": "lamp of Oban", "top_k": 100}).json()["passages"]
        return "lamp" in [passage["article_id"] for passage in passages]

    for _ in range(3):
        assert client.post("/v1/articles", json={"articles": [article("lamp")]}).json() == {**NOTHING, "added": 1}
        assert found()
        assert client.delete("/v1/articles/lamp").status_code == 204
        assert not found()
        assert client.get("/v1/articles/lamp").status_code == 404


def test_an_id_is_one_however_its_accents_are_written(client: TestClient) -> None:
    apart, together = "cafe\u0301", "caf\u00e9"
    made = client.put(f"/v1/articles/{quote(apart)}", json={"title": "T", "text": "x"}).json()
    assert made["id"] == together
    for written in (apart, together):
        assert client.get(f"/v1/articles/{quote(written)}").json() == made


def test_put_adds_then_replaces(client: TestClient) -> None:
    content = {"title": "T", "text": "One."}
    first = client.put("/v1/articles/a/b", json=content)
    again = client.put("/v1/articles/a/b", json=content)
    other = client.put("/v1/articles/a/b", json={**content, "text": "Two."})
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 200]
    assert first.json() == again.json()
    assert other.json() == client.get("/v1/articles/a/b").json()
    assert other.json()["text"] == "Two."


@pytest.mark.parametrize(
    "content",
    [
        {"title": "T"},
        {"title": "T", "text": " "},
        {"title": "T", "text": "x", "id": "other"},
        {"title": "T", "text": "x", "published_at": "soon"},
        {"title": "T", "text": "x", "tags": "one"},
        {"title": 3, "text": "x"},
        [],
    ],
)
def test_put_refuses_what_is_not_an_article(client: TestClient, content: object) -> None:
    response = client.put("/v1/articles/a", json=content)
    assert response.status_code == 422
    assert response.json()["code"] in {"request.invalid", "input.article"}
    assert client.get("/v1/articles/a").status_code == 404


@pytest.mark.parametrize(
    "article_id",
    [
        "a/b/c",
        "a//b",
        "https://example.org/x?y=1#z",
        "100%",
        "ça va 🚢",
        "a b",
        "..",
        "a/../b",
        "?",
        "x" * 512,
    ],
)
def test_any_printable_id_can_be_put_read_and_deleted(client: TestClient, article_id: str) -> None:
    assert client.post("/v1/articles", json={"articles": [article(article_id)]}).json() == {**NOTHING, "added": 1}
    path = f"/v1/articles/{quote(article_id, safe='')}".replace("..", "%2E%2E")
    if article_id != "..":  # clients resolve it away before they ask
        assert client.get(path).json()["id"] == article_id
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["nobody", "a/b", "x" * 513, "%00", "%0A", "%FF", "%ED%A0%80"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_articles_that_are_not_there(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, f"/v1/articles/{path}")
    assert response.status_code in {404, 422}
    assert response.json()["code"] in {"not_found", "request.invalid"}


def test_pages_are_sorted_and_complete(empty: TestClient) -> None:
    ids = sorted(["b", "a/1", "ä", "Z", "a", *(f"n{number:02}" for number in range(20))])
    empty.post("/v1/articles", json={"articles": [article(article_id) for article_id in reversed(ids)]})
    for limit in (1, 7, 25, 200):
        listed: list[str] = []
        after: str | None = ""
        while after is not None:
            page = empty.get("/v1/articles", params={"after": after, "limit": limit}).json()
            listed += [entry["id"] for entry in page["articles"]]
            assert all("text" not in entry for entry in page["articles"])
            after = page["next"]
        assert listed == ids


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=1000000", "limit=x", "cursor=a", "collection=%2E%2E"])
def test_page_queries_are_checked(client: TestClient, query: str) -> None:
    response = client.get(f"/v1/articles?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]


def test_collections_are_apart_and_made_by_the_first_add(client: TestClient) -> None:
    assert client.get("/v1/articles?collection=second").json()["code"] == "index.missing"
    assert client.delete("/v1/articles/a?collection=second").json()["code"] == "index.missing"
    assert client.post("/v1/articles?collection=second", json={"articles": [article("a")]}).json()["added"] == 1
    assert client.put("/v1/articles/a?collection=third", json={"title": "T", "text": "x"}).status_code == 201
    assert [entry["id"] for entry in client.get("/v1/articles?collection=second").json()["articles"]] == ["a"]
    assert client.get("/v1/articles/a").status_code == 404
    found = client.post("/v1/search", json={"question": "ferry", "collection": "second"}).json()["passages"]
    assert {passage["article_id"] for passage in found} == {"a"}


def test_nothing_but_an_unusable_article_makes_no_collection(client: TestClient) -> None:
    assert client.put("/v1/articles/a?collection=fourth", json={"title": "T", "text": " "}).status_code == 422
    assert client.get("/v1/articles?collection=fourth").status_code == 404


def test_files_are_uploaded(client: TestClient) -> None:
    lines = "\n".join(json.dumps(article(name)) for name in ("l1", "l2"))
    files: list[tuple[str, tuple[str, bytes, str]]] = [
        ("files", ("lamp.txt", b"The lamp of Oban\n\nIt was lit in 1911.", "text/plain")),
        ("files", ("note.md", b"---\ntitle: Note\nsource: Desk\n---\nThe mayor resigned.", "text/markdown")),
        ("files", ("many.jsonl", f'{lines}\n{{"id": "l3"}}\n'.encode(), "application/jsonl")),
        ("files", ("blob.bin", b"\x00\xff\xfe\x00binary", "application/octet-stream")),
    ]
    record = client.post("/v1/articles", files=files).json()
    assert record["added"] == 4
    assert [entry["id"] for entry in record["rejected"]] == ["many.jsonl:3", "blob.bin"]
    sources = {entry["title"]: entry["source"] for entry in client.get("/v1/articles").json()["articles"]}
    assert sources["Note"] == "Desk"
    assert client.post("/v1/articles", files=files).json()["unchanged"] == 4


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.txt", "..\\..\\evil.txt", "/abs/x.txt", "a\x00b.txt", "x" * 600 + ".txt", "é🚢.txt"]
)
def test_a_file_name_leads_nowhere(client: TestClient, name: str) -> None:
    before = {entry["id"] for entry in client.get("/v1/articles").json()["articles"]}
    response = client.post("/v1/articles", files={"files": (name, b"Title\n\nSome words.", "text/plain")})
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        assert response.json()["added"] + len(response.json()["rejected"]) == 1
    for entry in client.get("/v1/articles").json()["articles"]:
        if entry["id"] not in before:
            assert ".." not in entry["id"]
            assert not entry["id"].startswith("/")


def test_uploads_survive_a_prune_of_any_folder(client: TestClient) -> None:
    client.post("/v1/articles", files={"files": ("a.txt", b"Title\n\nSome words.", "text/plain")})
    library = client.app.state.library  # type: ignore[attr-defined]
    with library.archive().writing() as writer:
        assert not any(writer.origins().values())
