import logging
from pathlib import Path

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Scope

from rag.api.app import create_app
from rag.api.middleware.hosts import host_name, is_loopback
from rag.settings import Settings, load


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]:8000", "10.0.0.1", "", "@localhost"])
def test_a_foreign_name_for_this_machine_is_refused(client: TestClient, host: str) -> None:
    response = client.get("/healthz", headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["code"] == "request.host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_names_of_this_machine(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_service_for_others_takes_any_name(settings: Settings) -> None:
    public = load({**settings.model_dump(), "host": "0.0.0.0"}, environ={})  # noqa: S104 - not listened on
    with TestClient(create_app(public), base_url="http://quoth.example") as client:
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_change_nothing(client: TestClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    form = {"files": ("a.txt", b"Title\n\nPlanted.", "text/plain")}
    refused = client.post("/v1/articles", files=form, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "request.origin")
    assert client.get("/", headers=headers).status_code != 403
    assert client.post("/v1/articles", files=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2:3_X", True), ("x" * 128, True), ("x" * 129, False), ("a b", False)]
)
def test_request_ids(client: TestClient, given: str, kept: bool) -> None:
    response = client.get("/v1/nothing", headers={"X-Request-ID": given})
    assert (response.headers["x-request-id"] == given) is kept
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_request_ids_differ(client: TestClient) -> None:
    assert client.get("/healthz").headers["x-request-id"] != client.get("/healthz").headers["x-request-id"]


def test_our_own_defects_show_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(collection: str | None) -> Path:
        raise ValueError(f"the inside of {collection}")

    monkeypatch.setattr(client.app.state.library, "path", broken)  # type: ignore[attr-defined]
    with caplog.at_level(logging.INFO, logger="rag"):
        response = client.get("/v1/index?collection=new")
    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert "inside" not in response.text
    assert response.headers["x-request-id"] in caplog.text
    assert "the inside of new" in caplog.text


def test_a_client_that_goes_away_is_logged_and_no_defect(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=b")]
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/articles",
        "query_string": b"",
        "headers": headers,
    }
    with caplog.at_level(logging.INFO, logger="rag"):
        anyio.run(client.app, scope, gone, send)
    assert not sent
    assert [record.getMessage()[:22] for record in caplog.records] == ["POST /v1/articles 499 "]


def test_hosts() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "10.0.0.1", "quoth.example"))  # noqa: S104
    assert [host_name(host) for host in ("A:1", "a", "[::1]:80", "[::1]", "")] == ["a", "a", "::1", "::1", ""]
