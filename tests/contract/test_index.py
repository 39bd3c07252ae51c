"""The contract of Archive, Index and Writer: a new implementation joins by adding itself to ``open_archive``."""

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from rag.embedder.hashing import HashingEmbedder
from rag.errors import IndexLockedError, NotFoundError
from rag.index import SqliteArchive, verify
from rag.protocols import Archive, Entry, Index
from rag.text import sentences
from rag.types import Article, Hit, Passage, Where

EMBEDDER = HashingEmbedder(dim=64)
WORDS = ["river", "mayor", "budget", "harbour", "strike", "ferry", "bridge", "harvest", "comet", "verdict", "flood"]

OpenArchive = Callable[[], Archive]


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


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage.article_id for hit in hits]


def put(archive: Archive, *entries: Entry) -> list[str]:
    with archive.writing() as writer:
        return list(writer.put(entries))


def require_whole(index: Index, hits: list[Hit]) -> None:
    """What every list of hits promises: slices of this view's articles, best first, ties by row, each once."""
    for hit in hits:
        article = index.article(hit.passage.article_id)
        assert hit.passage.text == article.text[hit.passage.start : hit.passage.end]
        assert hit.passage.row > 0
    order = [(-hit.score, hit.passage.row) for hit in hits]
    assert order == sorted(set(order))
    assert len({hit.passage.row for hit in hits}) == len(hits)


@pytest.fixture(params=["sqlite"])
def open_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenArchive]:
    opened: list[Archive] = []

    def open_one() -> Archive:
        archive = SqliteArchive.open(
            tmp_path / "archive",
            embedder_fingerprint=EMBEDDER.fingerprint,
            chunker_fingerprint="sentence",
            dim=EMBEDDER.dim,
            create=True,
            lock_seconds=0.3,
        )
        opened.append(archive)
        return archive

    yield open_one
    for archive in opened:
        archive.close()
    assert verify(tmp_path / "archive") == []


@pytest.fixture
def archive(open_archive: OpenArchive) -> Archive:
    return open_archive()


class TestSearch:
    def test_an_empty_archive_finds_nothing(self, archive: Archive) -> None:
        with archive.reading() as index:
            assert index.version == 0
            assert index.search(EMBEDDER.embed_question("river"), k=5) == []
            assert index.search_text("river", k=5) == []
            assert index.articles() == []
            assert index.facts()["passages"] == 0

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
    def test_added_unchanged_replaced(self, archive: Archive) -> None:
        old, new = make_entry("a", "The old text."), make_entry("a", "The new words.")
        assert put(archive, old) == ["added"]
        with archive.reading() as before:
            assert put(archive, old) == ["unchanged"]
            with archive.reading() as index:
                assert index.version == before.version
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

    def test_digests_and_origins(self, archive: Archive) -> None:
        entry = make_entry("a", "The text.", origin="one.txt")
        with archive.writing() as writer:
            writer.put([entry, make_entry("b", "More.")])
            assert writer.digest("a") == entry.article.digest
            assert writer.digest("c") is None
            assert writer.origins() == {"a": "one.txt"}
            assert writer.put([make_entry("a", "The text.", origin="two.txt")]) == ["unchanged"]
            assert writer.origins() == {"a": "two.txt"}

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


def test_a_random_walk_agrees_with_a_dictionary(open_archive: OpenArchive) -> None:
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
                    same = known is not None and known.article == entry.article
                    assert outcome == ("unchanged" if same else "replaced" if known else "added")
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


def test_eight_threads_read_whole_states_while_one_writes(open_archive: OpenArchive) -> None:
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


_SCRIPT = """
import itertools, sys
from pathlib import Path
from rag.embedder.hashing import HashingEmbedder
from rag.index import SqliteArchive
from rag.protocols import Entry
from rag.types import Article, Passage

embedder = HashingEmbedder(dim=64)
archive = SqliteArchive.inspect(Path(sys.argv[1]))
text = "The harbour strike went on. " * 40
with archive.writing() as writer:
    for n in itertools.count() if sys.argv[2] == "on" else range(int(sys.argv[2])):
        entries = []
        for name in (f"{sys.argv[3]}{n}-left", f"{sys.argv[3]}{n}-right"):
            places = [(at, at + 27) for at in range(0, len(text), 28)]
            passages = [Passage(article_id=name, start=at, end=end, text=text[at:end]) for at, end in places]
            vectors = embedder.embed_passages([passage.text for passage in passages])
            entries.append(Entry(article=Article(id=name, title="", text=text), passages=passages, vectors=vectors))
        writer.put(entries)
        print(n, flush=True)
"""


def test_another_process_is_followed(archive: Archive, tmp_path: Path) -> None:
    put(archive, make_entry("mine", "The harbour."))
    with archive.reading() as before:
        subprocess.run([sys.executable, "-c", _SCRIPT, str(tmp_path / "archive"), "3", "b"], check=True)
        assert len(before.articles()) == 1
        with archive.reading() as after:
            assert len(after.articles()) == 7
            assert len(after.search(EMBEDDER.embed_question("strike"), k=1000)) == 1 + 6 * 40


def test_a_killed_writer_leaves_whole_transactions(archive: Archive, tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311
    for run in range(3):
        command = [sys.executable, "-c", _SCRIPT, str(tmp_path / "archive"), "on", f"run{run}-"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            acknowledged = [process.stdout.readline().strip() for _ in range(chance.randint(2, 9))]
            threading.Event().wait(chance.random() / 100)
            process.kill()
        assert verify(tmp_path / "archive") == []
        with archive.reading() as index:
            names = {article.id for article in index.articles(limit=10_000) if article.id.startswith(f"run{run}-")}
        assert {f"run{run}-{n}-{side}" for n in acknowledged for side in ("left", "right")} <= names
        assert {name.removesuffix("-left") for name in names if name.endswith("-left")} == {
            name.removesuffix("-right") for name in names if name.endswith("-right")
        }
    put(archive, make_entry("after", "The lock is free again."))
