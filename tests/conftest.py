"""Small real archives for the tests: no model, no mock."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.bootstrap import Library
from rag.loaders import Loaded, Unreadable
from rag.pipeline import IngestReport, ingest
from rag.settings import load
from rag.types import Article


class Shelf:
    """A library in a folder of its own, with the embedder and the reader that need no model."""

    def __init__(self, folder: Path, **settings: object) -> None:
        values = {"index": folder, "embedder": "hashing", "reader": "overlap", "min_probability": 0.0, **settings}
        self.library = Library(load(values, environ={}))

    def load(self, items: Iterable[Loaded | Unreadable], **more: Any) -> IngestReport:
        """Ingests what loaders gave."""
        library = self.library
        archive = library.archive(create=True)
        return ingest(items, archive=archive, chunker=library.chunker, embedder=library.embedder, **more)

    def add(self, *articles: Article) -> IngestReport:
        """Ingests the articles."""
        return self.load([Loaded(article=article) for article in articles])


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty shelf."""
    shelf = Shelf(tmp_path / "index")
    yield shelf
    shelf.library.close()
