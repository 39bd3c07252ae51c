"""Small real archives for the tests: no model, no mock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.bootstrap import Library
from rag.loaders import Loaded
from rag.pipeline import IngestReport, ingest
from rag.settings import load
from rag.types import Article


class Shelf:
    """A library in a folder of its own, with the embedder and the reader that need no model."""

    def __init__(self, folder: Path, **settings: object) -> None:
        values = {"index": folder, "embedder": "hashing", "reader": "overlap", "min_probability": 0.0, **settings}
        self.library = Library(load(values, environ={}))

    def add(self, *articles: Article) -> IngestReport:
        """Ingests the articles."""
        return ingest(
            [Loaded(article=article) for article in articles],
            archive=self.library.archive(create=True),
            chunker=self.library.chunker,
            embedder=self.library.embedder,
        )


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty shelf."""
    shelf = Shelf(tmp_path / "index")
    yield shelf
    shelf.library.close()
