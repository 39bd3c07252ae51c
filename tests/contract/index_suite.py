"""The contract of Index: what each call promises."""

from datetime import datetime, timedelta, timezone

import pytest

from rag.errors import NotFoundError
from rag.protocols import Archive
from tests.contract.archives import EMBEDDER, ArchiveFixtures, ids, make_entry, put, require_whole


class SearchSuite(ArchiveFixtures):
    """Both searches, over any text."""

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


class IndexSuite(ArchiveFixtures):
    """What a view tells of articles and of itself."""

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

    def test_facts_count_what_is_there(self, archive: Archive) -> None:
        put(archive, make_entry("a", "One. Two."), make_entry("b", "Three."))
        with archive.reading() as index:
            facts = index.facts()
            assert (facts.articles, facts.passages, facts.revisions) == (2, 3, 0)
            assert facts.version == index.version > 0
            assert (facts.embedder, facts.dim) == (EMBEDDER.fingerprint, EMBEDDER.dim)
            assert facts.identity in index.fingerprint
