"""The contract of Writer: what each change does to later views, and that earlier views keep what they had."""

import numpy as np
import pytest

from rag.errors import NotFoundError
from rag.protocols import Archive, Entry, Stored
from rag.types import Where
from tests.contract.archives import ArchiveFixtures, ids, make_entry, put


class WriterSuite(ArchiveFixtures):
    """Adding, replacing, moving, deleting and forgetting."""

    def test_added_and_replaced(self, archive: Archive) -> None:
        old, new = make_entry("a", "The old text."), make_entry("a", "The new words.")
        assert put(archive, old) == ["added"]
        with archive.reading() as before:
            assert put(archive, new) == ["replaced"]
            assert before.article("a") == old.article, "a view does not change"
            assert len(before.search_text("old", k=5)) == 1
        with archive.reading() as index:
            assert index.version > before.version
            assert index.article("a") == new.article
            assert index.search_text("old", k=5) == []
            assert [hit.passage.text for hit in index.search(old.vectors[0], k=5)] == ["The new words."]

    def test_new_metadata_is_a_replacement(self, archive: Archive) -> None:
        put(archive, make_entry("a", "The text."))
        assert put(archive, make_entry("a", "The text.", tags=("x",))) == ["replaced"]
        with archive.reading() as index:
            assert ids(index.search_text("text", k=5, where=Where(tags=("x",)))) == ["a"]

    def test_what_is_remembered_of_articles(self, archive: Archive) -> None:
        entry = make_entry("a", "The text.", origin="one.txt")
        with archive.writing() as writer:
            writer.put([entry, make_entry("b", "More."), make_entry("c", "Else.", origin="three.txt")])
            assert writer.origins() == {"a": "one.txt", "c": "three.txt"}
            writer.move({"a": "two.txt", "missing": "x.txt"})
            assert writer.origins() == {"a": "two.txt", "c": "three.txt"}
        with archive.reading() as index:
            assert index.stored(ids=["a"]) == [Stored(id="a", digest=entry.article.digest, origin="two.txt")]
            assert [stored.id for stored in index.stored(ids=["b", "x"], origins=["two.txt", "y"])] == ["a", "b"]
            assert index.stored() == []

    def test_delete_and_add_again(self, archive: Archive) -> None:
        entry = make_entry("a", "The text.")
        put(archive, entry, make_entry("b", "The other text."))
        with archive.reading() as index:
            rows = {hit.passage.row for hit in index.search_text("text", k=5)}
        with archive.writing() as writer:
            assert writer.delete(["a", "missing", "a"]) == ["a"]
        with archive.reading() as index:
            assert ids(index.search_text("text", k=5)) == ids(index.search(entry.vectors[0], k=5)) == ["b"]
        assert put(archive, entry) == ["added"]
        with archive.reading() as index:
            [hit] = index.search(entry.vectors[0], k=1)
            assert hit.passage.row not in rows, "row numbers are not given twice"

    def test_a_faulty_entry_stores_nothing_of_its_batch(self, archive: Archive) -> None:
        good, other = make_entry("a", "The text."), make_entry("b", "Other words.")
        zero = np.zeros_like(good.vectors)
        faulty = [
            Entry(article=good.article, passages=[], vectors=good.vectors[:0]),
            Entry(article=good.article, passages=other.passages, vectors=other.vectors),
            Entry(article=good.article, passages=good.passages, vectors=good.vectors[:, 1:]),
            Entry(article=good.article, passages=good.passages, vectors=zero),
            Entry(article=good.article, passages=good.passages, vectors=zero * np.nan),
        ]
        for entry in faulty:
            with archive.writing() as writer, pytest.raises(ValueError, match="a"):
                writer.put([other, entry])
        with archive.reading() as index:
            assert index.articles() == []

    def test_a_replaced_text_is_kept_as_a_revision(self, archive: Archive) -> None:
        put(archive, make_entry("a", "The old text."), make_entry("b", "The other text."))
        put(archive, make_entry("a", "The old text.", tags=("x",)))
        with archive.reading() as index:
            assert index.facts().revisions == 0, "new metadata alone makes no revision"
        put(archive, make_entry("a", "The new words."))
        with archive.writing() as writer:
            writer.delete(["b"])
        with archive.reading() as index:
            assert index.facts().revisions == 2

    def test_forgotten_articles_are_gone_with_their_former_texts(self, archive: Archive) -> None:
        old, new = (make_entry("a", text, origin="a.txt") for text in ("The old text.", "The new words."))
        deleted, other = make_entry("deleted", "The deleted text."), make_entry("b", "The other text.")
        put(archive, old, deleted)
        put(archive, new, other)
        with archive.writing() as writer:
            writer.delete(["deleted"])
        with archive.reading() as index:
            before = index.fingerprint
        with archive.writing() as writer:
            assert writer.forget(["a", "missing", "deleted", "a"]) == ["a", "deleted"]
            assert writer.forget(["a"]) == []
            assert writer.origins() == {}
        with archive.reading() as index:
            for article_id in ("a", "deleted"):
                with pytest.raises(NotFoundError):
                    index.article(article_id)
            assert index.stored(ids=["a", "deleted"], origins=["a.txt"]) == []
            assert [article.id for article in index.articles()] == ["b"]
            for entry in (old, new, deleted):
                assert ids(index.search(entry.vectors[0], k=5)) == ["b"]
            assert index.search_text("old new words deleted", k=5) == []
            assert (index.facts().articles, index.facts().revisions) == (1, 0)
            assert index.fingerprint != before
        assert put(archive, old) == ["added"]
