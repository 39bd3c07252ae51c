"""Whatever text goes in, slices come out: SQLite must count characters as Python does."""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import NotFoundError
from rag.index import SqliteArchive, verify
from rag.index.layout import TOKENIZER
from rag.index.lexical import MAX_TERMS, match_expression, terms
from rag.protocols import Entry
from rag.text import normalise
from rag.types import Article, Passage, Where

DIM = 8

# Wide, combining, right-to-left, astral and control characters, all together and often.
odd = st.sampled_from("aZ 9\n\t\"'*_-é\u0301\u200d\u202eשλ漢字🙂👩\U0001f469\ufffd\x01ﬁß")
texts = st.text(odd | st.characters(), min_size=1, max_size=60).map(normalise).filter(str.strip)
anything = st.text(odd | st.characters(exclude_categories=()), max_size=80)


@pytest.fixture(scope="module")
def archive() -> Iterator[SqliteArchive]:
    with tempfile.TemporaryDirectory() as folder:
        opened = SqliteArchive.open(
            Path(folder) / "a", embedder_fingerprint="e", chunker_fingerprint="c", dim=DIM, create=True
        )
        yield opened
        assert verify(Path(folder) / "a") == []
        opened.close()


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    text = draw(texts)
    article = Article(id=draw(st.sampled_from("abcd")), title=normalise(draw(anything)), text=text)
    starts = draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=4))
    spans = [(start, draw(st.integers(start + 1, len(text)))) for start in starts]
    passages = [Passage(article_id=article.id, start=start, end=end, text=text[start:end]) for start, end in spans]
    hot = draw(st.lists(st.integers(0, DIM - 1), min_size=len(spans), max_size=len(spans)))
    return Entry(article=article, passages=passages, vectors=np.eye(DIM, dtype=np.float32)[hot])


@settings(deadline=None, max_examples=60)
@given(
    batch=st.lists(entries(), min_size=1, max_size=3, unique_by=lambda entry: entry.article.id),
    removed=st.sets(st.sampled_from("abcd")),
    hot=st.integers(0, 7),
)
def test_hits_are_the_slices_that_were_stored(
    archive: SqliteArchive, batch: list[Entry], removed: set[str], hot: int
) -> None:
    with archive.writing() as writer:
        writer.delete("abcd")
        writer.put(batch)
        writer.delete(removed)
    latest = {entry.article.id: entry for entry in batch}
    with archive.reading() as index:
        for name in removed:
            with pytest.raises(NotFoundError):
                index.article(name)
        hits = index.search(np.eye(DIM, dtype=np.float32)[hot], k=1000)
        for name in latest.keys() - removed:
            stored = index.article(name)
            assert stored == latest[name].article
            found = [hit.passage for hit in hits if hit.passage.article_id == name]
            assert sorted((passage.start, passage.end) for passage in found) == sorted(
                (passage.start, passage.end) for passage in latest[name].passages
            )
            assert all(passage.text == stored.text[passage.start : passage.end] for passage in found)
        assert [(-hit.score, hit.passage.row) for hit in hits] == sorted((-hit.score, hit.passage.row) for hit in hits)


@settings(deadline=None, max_examples=200)
@given(question=anything, name=anything)
def test_no_text_is_an_error(archive: SqliteArchive, question: str, name: str) -> None:
    where = Where(source=(name,), tags=(name,), ids=(name,), language=(name,))
    with archive.reading() as index:
        for hit in index.search_text(question, k=3):
            assert hit.passage.text
        assert index.search_text(question, k=3, where=where) == []
        assert index.articles(where=where) == []


@given(question=anything)
def test_the_expression_matches_a_passage_of_the_same_words(question: str) -> None:
    found = terms(question)
    assert len(found) == len(set(found)) <= MAX_TERMS
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE t USING fts5 (text, tokenize = '{TOKENIZER}')")
    connection.execute("INSERT INTO t VALUES (?)", (" ".join(found),))
    ascii_words = [word for word in found if word.isascii()]
    matches = connection.execute("SELECT count(*) FROM t WHERE t MATCH ?", (match_expression(ascii_words or ["x"]),))
    assert not ascii_words or matches.fetchone() == (1,)
    connection.close()
