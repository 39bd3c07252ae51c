from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from rag.api.app import create_app
from rag.settings import Settings, load

# Emoji, combining marks and a right-to-left word before, in and after what is asked for.
FERRY = {
    "id": "wire/2024/ferry",
    "title": "Ferry 🚢 timetable",
    "text": (
        "🚢🚢 The ferry Zoe\u0308 Cafe\u0301 leaves Port Ellery at noon. 👩‍👩‍👧 Families like it. שלום.\r\n\r\n"
        "The captain of the ferry is Ana Müller 🧑‍✈️ of Port Ellery."
    ),
    "url": "https://example.org/ferry?a=1",
    "source": "Example Wire",
    "author": "A. Writer",
    "language": "en",
    "published_at": "2024-05-04T12:00:00+02:00",
    "tags": ["transport", "sea"],
}
BRIDGE = {
    "id": "post/bridge",
    "title": "Bridge closed",
    "text": "The harbour bridge was closed on 3 May 2024. The council expects it to open in August.",
    "source": "Example Post",
    "published_at": "2024-05-03",
    "tags": ["transport"],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    values = {"index": tmp_path / "index", "embedder": "hashing", "reader": "overlap", "max_body_bytes": 4 * 2**20}
    return load(values, environ={})


@pytest.fixture
def empty(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def client(empty: TestClient) -> TestClient:
    response = empty.post("/v1/articles", json={"articles": [FERRY, BRIDGE]})
    assert response.json() == {"added": 2, "replaced": 0, "unchanged": 0, "rejected": []}
    return empty
