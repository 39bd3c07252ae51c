import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from rag import errors
from rag.api.problems import RETRY_AFTER_SECONDS, field_name, problem, status_of
from rag.bootstrap import Library
from rag.errors import RagError
from rag.settings import Settings, load


def every_error(kind: type[RagError] = RagError) -> Iterator[type[RagError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_error(child)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.QuestionError, 422),
        (errors.ArticleError, 422),
        (errors.NotFoundError, 404),
        (errors.IndexMissingError, 404),
        (errors.IndexMismatchError, 409),
        (errors.IndexLockedError, 423),
        (errors.BusyError, 503),
        (errors.ModelMissingError, 503),
        (errors.ModelError, 500),
        (errors.IndexCorruptError, 500),
        (errors.SettingsError, 500),
    ],
)
def test_statuses(kind: type[RagError], status: int) -> None:
    assert status_of(kind("x")) == status


def test_every_error_has_a_status() -> None:
    assert {status_of(kind("x")) for kind in every_error()} == {404, 409, 422, 423, 500, 503}
    assert all(status_of(kind("x")) in {423, 503} for kind in RETRY_AFTER_SECONDS)


def test_a_problem_can_be_written_whatever_its_text() -> None:
    scope = {"path": "/v1/articles/x", "state": {"request_id": "r"}}
    response = problem(404, "lone \ud800", scope=scope, code="not_found", hint="\udfff")
    record = json.loads(bytes(response.body))
    assert record == {
        "type": "/docs#not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "lone \\ud800",
        "code": "not_found",
        "hint": "\\udfff",
        "request_id": "r",
        "errors": [],
    }


def test_field_names() -> None:
    assert field_name(("where", "tags", 2)) == "where.tags[2]"
    assert field_name((0, "id")) == "[0].id"
    assert field_name(()) == ""


def test_a_locked_archive_says_when_to_come_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = client.app.state.library.archive()  # type: ignore[attr-defined]
    monkeypatch.setattr(archive, "_lock_seconds", 0.05)
    with archive.writing():
        response = client.delete("/v1/articles/post/bridge")
        assert client.post("/v1/ask", json={"question": "Is the bridge closed?"}).status_code == 200
    assert (response.status_code, response.json()["code"]) == (423, "index.locked")
    assert response.headers["retry-after"] == "1"
    assert client.delete("/v1/articles/post/bridge").status_code == 204


def test_a_collection_of_another_chunker(client: TestClient, settings: Settings) -> None:
    other = Library(load({**settings.model_dump(), "passage_tokens": 64}, environ={}))
    other.archive("other", create=True).close()
    response = client.post("/v1/ask", json={"question": "who?", "collection": "other"})
    assert (response.status_code, response.json()["code"]) == (409, "index.mismatch")
    assert response.json()["hint"]
