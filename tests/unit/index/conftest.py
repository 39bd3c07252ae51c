from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from rag.index import SqliteArchive
from rag.protocols import Entry
from rag.types import Article, Passage

DIM = 16

MakeEntry = Callable[..., Entry]


@pytest.fixture
def make_entry() -> MakeEntry:
    """Entries of one-word-a-passage articles with random vectors, always the same for the same arguments."""

    def make(article_id: str, *, words: int = 3, text: str = "", **metadata: object) -> Entry:
        text = text or " ".join(f"{article_id}w{n}" for n in range(words))
        article = Article(id=article_id, title=f"Title {article_id}", text=text, **metadata)  # type: ignore[arg-type]
        passages = []
        end = -1
        for word in text.split(" "):
            start, end = end + 1, end + 1 + len(word)
            passages.append(Passage(article_id=article_id, start=start, end=end, text=word))
        seed = int(article.sha256[:8], 16)
        vectors = np.random.default_rng(seed).standard_normal((len(passages), DIM)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Entry(article=article, passages=passages, vectors=vectors)

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index" / "news"


@pytest.fixture
def archive(folder: Path) -> Iterator[SqliteArchive]:
    opened = SqliteArchive.open(folder, embedder_fingerprint="e1", chunker_fingerprint="c1", dim=DIM, create=True)
    yield opened
    opened.close()
