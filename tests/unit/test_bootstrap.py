"""What a library says of collections that cannot be opened."""

import pytest

from rag.errors import IndexCorruptError, IndexMissingError
from rag.types import Article
from tests.conftest import Shelf


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + bytes(4080)])
def test_verify_reports_an_archive_that_cannot_be_opened(shelf: Shelf, content: bytes) -> None:
    shelf.add(Article(id="a", title="", text="The mayor spoke."))
    assert shelf.library.verify() == []
    shelf.library.close()
    path = shelf.library.path("default") / "archive.sqlite"
    path.write_bytes(content)
    with pytest.raises(IndexCorruptError):
        shelf.library.inspect()
    [finding] = shelf.library.verify()
    assert str(path) in finding


def test_verify_of_no_archive_is_an_error(shelf: Shelf) -> None:
    with pytest.raises(IndexMissingError):
        shelf.library.verify()


def test_collections_are_the_folders_that_hold_an_archive(shelf: Shelf) -> None:
    assert shelf.library.collections() == []
    for name in ("news", "default"):
        shelf.library.archive(name, create=True)
    folder = shelf.library.settings.index
    (folder / "empty").mkdir()
    (folder / "Not a name").mkdir()
    (folder / "Not a name" / "archive.sqlite").touch()
    assert shelf.library.collections() == ["default", "news"]
