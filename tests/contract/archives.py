"""Small articles, and the fixtures by which a suite gets the archive that it is to hold them in."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pytest

from rag.embedder.hashing import HashingEmbedder
from rag.protocols import Archive, Entry, Index
from rag.text import sentences
from rag.types import Article, Match, Passage

EMBEDDER = HashingEmbedder(dim=64)
WORDS = ["river", "mayor", "budget", "harbour", "strike", "ferry", "bridge", "harvest", "comet", "verdict", "flood"]

CHUNKER_FINGERPRINT = "sentence"

OpenArchive = Callable[[], Archive]


class ArchiveFixtures:
    """What every suite of archives starts from: inherit a suite as ``Test...`` and override `open_archive`."""

    @pytest.fixture
    def open_archive(self) -> OpenArchive:
        """Opens the archive under test, empty at first; each call gives another handle on the same data.

        It is for vectors of `EMBEDDER` and `CHUNKER_FINGERPRINT`, and does not wait long for another writer.
        """
        raise NotImplementedError("override open_archive")

    @pytest.fixture
    def archive(self, open_archive: OpenArchive) -> Archive:
        return open_archive()

    @pytest.fixture(autouse=True)
    def sound_afterwards(self, open_archive: OpenArchive) -> Iterator[None]:
        yield
        with open_archive() as archive:
            assert archive.verify() == []


def make_entry(
    article_id: str,
    text: str,
    *,
    title: str = "",
    origin: str | None = None,
    published_at: datetime | None = None,
    source: str | None = None,
    language: str | None = None,
    tags: tuple[str, ...] = (),
) -> Entry:
    article = Article(
        id=article_id,
        title=title,
        text=text,
        published_at=published_at,
        source=source,
        language=language,
        tags=tags,
    )
    spans = sentences(text)
    passages = [Passage(article_id=article_id, start=start, end=end, text=text[start:end]) for start, end in spans]
    vectors = EMBEDDER.embed_passages([passage.text for passage in passages])
    return Entry(article=article, passages=passages, vectors=vectors, origin=origin)


def random_text(chance: random.Random) -> str:
    return " ".join(f"{' '.join(chance.choices(WORDS, k=6)).capitalize()}." for _ in range(chance.randint(1, 4)))


def ids(hits: Sequence[Match]) -> list[str]:
    return [hit.passage.article_id for hit in hits]


def put(archive: Archive, *entries: Entry) -> list[str]:
    with archive.writing() as writer:
        return list(writer.put(entries))


def require_whole(index: Index, hits: Sequence[Match]) -> None:
    """What every list of hits promises: slices of this view's articles, best first, ties by row, each once."""
    for hit in hits:
        article = index.article(hit.passage.article_id)
        assert hit.passage.text == article.text[hit.passage.start : hit.passage.end]
        assert hit.passage.row > 0
    order = [(-hit.score, hit.passage.row) for hit in hits]
    assert order == sorted(set(order))
    assert len({hit.passage.row for hit in hits}) == len(hits)
