"""The contract of Archive over time: random changes, one writer, many threads, several handles."""

import random
import threading

import pytest

from rag.errors import IndexLockedError
from rag.protocols import Archive, Entry, Index
from rag.types import Where
from tests.contract.archives import (
    EMBEDDER,
    WORDS,
    ArchiveFixtures,
    OpenArchive,
    ids,
    make_entry,
    put,
    random_text,
    require_whole,
)


class ArchiveSuite(ArchiveFixtures):
    """One collection, used through several handles and threads of one process."""

    def test_a_random_walk_agrees_with_a_dictionary(self, open_archive: OpenArchive) -> None:
        chance = random.Random(7)  # noqa: S311
        model: dict[str, Entry] = {}
        archives = [open_archive(), open_archive()]
        version = -1
        for _ in range(60):
            names = [f"a{chance.randint(0, 12)}" for _ in range(chance.randint(1, 4))]
            with chance.choice(archives).writing() as writer:
                if chance.random() < 0.65:
                    entries = [make_entry(name, random_text(chance)) for name in names]
                    outcomes = writer.put(entries)
                    for entry, outcome in zip(entries, outcomes, strict=True):
                        known = model.get(entry.article.id)
                        assert outcome == ("replaced" if known else "added")
                        model[entry.article.id] = entry
                else:
                    assert writer.delete(names) == [name for name in names if model.pop(name, None)]
            question = " ".join(chance.choices(WORDS, k=3))
            with chance.choice(archives).reading() as index:
                assert index.version >= version
                version = index.version
                assert {article.id: article for article in index.articles()} == {
                    name: entry.article for name, entry in model.items()
                }
                require_agreement(index, model, question)

    @pytest.mark.slow
    def test_eight_threads_read_whole_states_while_one_writes(self, open_archive: OpenArchive) -> None:
        archive = open_archive()
        put(archive, make_entry("fixed", "The river never changes."))
        done, failures = threading.Event(), []

        def read() -> None:
            version = 0
            try:
                while not done.is_set():
                    with archive.reading() as index:
                        assert index.version >= version
                        version = index.version
                        dense = index.search(EMBEDDER.embed_question("the river strike"), k=20)
                        lexical = index.search_text("river strike", k=20)
                        require_whole(index, dense)
                        require_whole(index, lexical)
                        assert {hit.passage.row for hit in lexical} <= {hit.passage.row for hit in dense}
                        # Both halves of a pair are always written together.
                        pair = [index.articles(where=Where(ids=(name,))) for name in ("left", "right")]
                        assert len({article.text for found in pair for article in found}) <= 1
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for n in range(40):
            with archive.writing() as writer:
                writer.put([make_entry(name, f"The river strike of {n}. It ended.") for name in ("left", "right")])
                if n % 5 == 4:
                    writer.delete(["left", "right"])
        done.set()
        for reader in readers:
            reader.join()
        assert failures == []

    def test_the_second_writer_is_told(self, open_archive: OpenArchive) -> None:
        first, second = open_archive(), open_archive()
        with first.writing() as writer:
            for archive in (first, second):
                with pytest.raises(IndexLockedError) as caught, archive.writing():
                    pass
                assert caught.value.hint
            writer.put([make_entry("a", "Still the writer.")])
        assert put(second, make_entry("b", "Now it is free.")) == ["added"]

    def test_reading_does_not_wait_for_the_writer(self, open_archive: OpenArchive) -> None:
        archive, other = open_archive(), open_archive()
        with archive.writing() as writer:
            writer.put([make_entry("a", "The text.")])
            for reader in (archive, other):
                with reader.reading() as index:
                    assert ids(index.search_text("text", k=5)) == ["a"]

    def test_compacting_changes_nothing_that_can_be_found(self, archive: Archive) -> None:
        entries = {name: make_entry(name, f"The river {name}. The ferry.") for name in ("a", "b", "c")}
        put(archive, *entries.values())
        with archive.writing() as writer:
            writer.delete(["b"])
        del entries["b"]
        with archive.reading() as index:
            version, fingerprint, former = index.version, index.fingerprint, index.facts().revisions
        archive.compact()
        with archive.reading() as index:
            assert (index.version, index.fingerprint, index.facts().revisions) == (version, fingerprint, former)
            require_agreement(index, entries, "river ferry")

    def test_compacting_waits_for_no_writer_for_long(self, open_archive: OpenArchive) -> None:
        archive, other = open_archive(), open_archive()
        with archive.writing(), pytest.raises(IndexLockedError):
            other.compact()
        other.compact()

    def test_closing_twice_does_nothing_and_leaves_the_other_handles(self, open_archive: OpenArchive) -> None:
        archive, other = open_archive(), open_archive()
        put(archive, make_entry("a", "The text."))
        archive.close()
        archive.close()
        with other.reading() as index:
            assert ids(index.search_text("text", k=5)) == ["a"]


def require_agreement(index: Index, model: dict[str, Entry], question: str) -> None:
    vector = EMBEDDER.embed_question(question)
    scores = {
        (name, passage.start): float(row @ vector)
        for name, entry in model.items()
        for passage, row in zip(entry.passages, entry.vectors, strict=True)
    }
    hits = index.search(vector, k=1000)
    require_whole(index, hits)
    assert {(hit.passage.article_id, hit.passage.start): hit.score for hit in hits} == pytest.approx(scores, abs=2e-3)
    assert index.search(vector, k=5) == hits[:5]
    found = index.search_text(question, k=1000)
    require_whole(index, found)
    asked = set(question.split())
    wanted = [
        (name, passage.start)
        for name, entry in model.items()
        for passage in entry.passages
        if asked & set(passage.text.lower().strip(".").split())
    ]
    assert sorted((hit.passage.article_id, hit.passage.start) for hit in found) == sorted(wanted)
