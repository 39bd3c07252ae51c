"""Every implementation of Archive: a new one joins by adding itself to ``open_archive``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.index import SqliteArchive, verify
from rag.protocols import Archive
from tests.contract.archives import EMBEDDER, OpenArchive


@pytest.fixture(params=["sqlite"])
def open_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenArchive]:
    opened: list[Archive] = []

    def open_one() -> Archive:
        archive = SqliteArchive.open(
            tmp_path / "archive",
            embedder_fingerprint=EMBEDDER.fingerprint,
            chunker_fingerprint="sentence",
            dim=EMBEDDER.dim,
            create=True,
            lock_seconds=0.3,
        )
        opened.append(archive)
        return archive

    yield open_one
    for archive in opened:
        archive.close()
    assert verify(tmp_path / "archive") == []


@pytest.fixture
def archive(open_archive: OpenArchive) -> Archive:
    return open_archive()
