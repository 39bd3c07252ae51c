"""The contract of Index and Writer: what each call promises."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from rag.errors import IndexLockedError, NotFoundError
from rag.protocols import Archive, Entry, Stored
from rag.types import Where
from tests.contract.archives import EMBEDDER, OpenArchive, ids, make_entry, put, require_whole


class TestSearch:
    def test_an_empty_archive_finds_nothing(self, archive: Archive) -> None:
        with archive.reading() as index:
            assert index.version == 0
            assert index.search(EMBEDDER.embed_question("river"), k=5) == []
            assert index.search_text("river", k=5) == []
            assert index.articles() == []
            assert index.facts().passages == 0

    def test_best_first_and_k_may_exceed_the_archive(self, archive: Archive) -> None:
        put(archive, make_entry("a", "The mayor spoke."), make_entry("b", "A comet rose. The river froze."))
        with archive.reading() as index:
            dense = index.search(EMBEDDER.embed_question("A comet rose."), k=50)
            lexical = index.search_text("did the comet rise or what?", k=50)
            assert dense[0].passage.text == lexical[0].passage.text == "A comet rose."
            assert len(dense) == 3
            assert [hit.ranks["dense"] for hit in dense] == [1, 2, 3]
            assert lexical[0].ranks == {"lexical": 1}
            assert dense[0].score == pytest.approx(1.0, abs=1e-2)
            require_whole(index, dense)
            require_whole(index, lexical)

    @pytest.mark.parametrize("k", [0, -1])
    def test_none_are_none(self, archive: Archive, k: int) -> None:
        put(archive, make_entry("a", "The mayor spoke."))
        with archive.reading() as index:
            assert index.search(EMBEDDER.embed_question("mayor"), k=k) == []
            assert index.search_text("mayor", k=k) == []

    def test_ties_go_by_row_also_at_the_cut(self, archive: Archive) -> None:
        put(archive, *(make_entry(f"a{n:02}", "The very same words.") for n in range(40)))
        with archive.reading() as index:
            for hits in (index.search(EMBEDDER.embed_question("words"), k=7), index.search_text("words", k=7)):
                assert ids(hits) == [f"a{n:02}" for n in range(7)]

    def test_titles_are_searched_but_not_quoted(self, archive: Archive) -> None:
        put(archive, make_entry("a", "Nothing about it here.", title="Zeppelin"))
        with archive.reading() as index:
            assert ids(index.search_text("zeppelin", k=5)) == ["a"]

    @pytest.mark.parametrize(
        "question",
        [
            "",
            " \n\t",
            "?!",
            "\x00",
            "\ud800",
            'mayor" OR "',
            "mayor AND NOT (",
            "NEAR(a b)",
            "title:mayor*",
            "^mayor -x",
            "'; DROP TABLE article; --",
            "ﷺ ½ ² _ __",
            "mayor " * 100_000,
            "".join(map(chr, range(1, 3000))),
            "🙂",
            "%s {0}",
        ],
    )
    def test_any_text_is_a_question(self, archive: Archive, question: str) -> None:
        put(archive, make_entry("a", "The mayor spoke."))
        with archive.reading() as index:
            hits = index.search_text(question, k=5)
            assert ids(hits) == (["a"] if "mayor" in question else [])

    def test_accents_and_case_do_not_matter(self, archive: Archive) -> None:
        put(archive, make_entry("a", "São Tomé voted."))
        with archive.reading() as index:
            assert ids(index.search_text("SAO TOME", k=5)) == ["a"]


class TestFilters:
    @pytest.fixture
    def filled(self, archive: Archive) -> Archive:
        """60 articles; every tenth is from the north, dated a day apart."""
        start = datetime(2024, 1, 1, tzinfo=UTC)
        entries = [
            make_entry(
                f"a{n:02}",
                f"The ferry left harbour {n}. The ferry came back.",
                published_at=start + timedelta(days=n) if n % 2 == 0 else None,
                source="north" if n % 10 == 0 else "south",
                language="en" if n < 30 else "de",
                tags=("sea", "odd") if n % 2 else ("sea",),
            )
            for n in range(60)
        ]
        put(archive, *entries)
        return archive

    @pytest.mark.parametrize(
        ("where", "wanted"),
        [
            (Where(source=("north",)), [0, 10, 20, 30, 40, 50]),
            (Where(source=("north", "south")), list(range(60))),
            (Where(source=("nowhere",)), []),
            (Where(source=("north' OR 1=1 --",)), []),
            (Where(ids=("a03", "a59", "missing", "\ud800", "\x00")), [3, 59]),
            (Where(without=tuple(f"a{n:02}" for n in range(2, 60))), [0, 1]),
            (Where(ids=("a03", "a04"), without=("a04", "missing", "\ud800")), [3]),
            (Where(tags=("odd",)), list(range(1, 60, 2))),
            (Where(tags=("odd", "sea")), list(range(60))),
            (Where(language=("de",), tags=("odd",), ids=("a03", "a31")), [31]),
            (Where(published_after=datetime(2024, 2, 26, tzinfo=UTC)), [56, 58]),
            (Where(published_before=datetime(2024, 1, 5, tzinfo=UTC)), [0, 2]),
            (
                Where(
                    published_after=datetime(2024, 1, 5, 2, tzinfo=timezone(timedelta(hours=2))),
                    published_before=datetime(2024, 1, 7, tzinfo=UTC),
                ),
                [4],
            ),
        ],
    )
    def test_they_act_inside_both_searches_and_the_list(self, filled: Archive, where: Where, wanted: list[int]) -> None:
        names = [f"a{n:02}" for n in wanted]
        with filled.reading() as index:
            assert [article.id for article in index.articles(where=where, limit=100)] == names
            for k in (2, 500):
                dense = index.search(EMBEDDER.embed_question("ferry came back"), k=k, where=where)
                lexical = index.search_text("ferry", k=k, where=where)
                for hits in (dense, lexical):
                    require_whole(index, hits)
                    assert set(ids(hits)) <= set(names)
                    assert len(hits) == min(k, 2 * len(names))

    def test_an_empty_filter_does_not_filter(self, filled: Archive) -> None:
        with filled.reading() as index:
            assert len(index.search_text("ferry", k=500, where=Where())) == 120


class TestArticles:
    def test_they_come_back_as_they_went_in(self, archive: Archive) -> None:
        moment = datetime(1999, 12, 31, 23, 59, 59, 5, tzinfo=timezone(timedelta(hours=-5)))
        entry = make_entry(
            "ä/1 ?",
            "Zwei Sätze. 🙂 e\u0301.",
            title="T",
            published_at=moment,
            source="s",
            language="de",
            tags=("b", "a"),
        )
        put(archive, entry)
        with archive.reading() as index:
            assert index.article("ä/1 ?") == entry.article

    @pytest.mark.parametrize("article_id", ["", "missing", "\x00", "\ud800", "x" * 10_000])
    def test_a_missing_one_is_not_found(self, archive: Archive, article_id: str) -> None:
        with archive.reading() as index, pytest.raises(NotFoundError):
            index.article(article_id)

    def test_pages_follow_the_ids(self, archive: Archive) -> None:
        put(archive, *(make_entry(name, "Some text.") for name in ("b", "ü", "a", "🙂", "Z")))
        with archive.reading() as index:
            everyone = [article.id for article in index.articles()]
            assert everyone == sorted(everyone)
            assert [article.id for article in index.articles(after=everyone[1], limit=2)] == everyone[2:4]
            assert index.articles(after=everyone[-1]) == []
            assert index.articles(after="\ud800") is not None


class TestWriter:
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

    def test_matches_become_hits_with_the_articles_of_the_view(self, archive: Archive) -> None:
        old = make_entry("a", "The mayor spoke. The mayor left.", title="Old")
        put(archive, old, make_entry("b", "The mayor came."))
        with archive.reading() as index:
            put(archive, make_entry("a", "Nobody spoke.", title="New"))
            matches = index.search_text("mayor", k=5)
            hits = index.hits(matches)
            assert [hit.passage for hit in hits] == [match.passage for match in matches]
            assert [hit.rank for hit in hits] == [1, 2, 3]
            assert {hit.article for hit in hits if hit.article.id == "a"} == {old.article}
            assert index.hits([]) == []

    def test_values_are_counted(self, archive: Archive) -> None:
        put(
            archive,
            make_entry("a", "One.", source="wire", tags=("x", "y")),
            make_entry("b", "Two.", source="wire", tags=("y",), language="en"),
            make_entry("c", "Three.", source="post"),
        )
        with archive.reading() as index:
            assert index.counts("source") == [("wire", 2), ("post", 1)]
            assert index.counts("tags") == [("y", 2), ("x", 1)]
            assert index.counts("tags", limit=1) == [("y", 2)]
            assert index.counts("language") == [("en", 1)]

    def test_a_fingerprint_names_the_state(self, archive: Archive) -> None:
        seen = []
        for text in ("One.", "Two."):
            put(archive, make_entry("a", text))
            for _ in range(2):
                with archive.reading() as index:
                    seen.append(index.fingerprint)
        assert seen[0] == seen[1] != seen[2] == seen[3]

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
