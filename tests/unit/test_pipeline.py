import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rag
from rag.bootstrap import Library
from rag.errors import ArticleError, IndexMismatchError, IndexMissingError, NotFoundError, QuestionError
from rag.loaders import Loaded, Unreadable
from rag.pipeline import IngestReport, prune
from rag.settings import load
from rag.types import MAX_QUESTION_LENGTH, Article, Passage, Turn, Where
from tests.conftest import Shelf
from tests.records import hits

BRIDGE = Article(id="bridge", title="Bridge shut", text="The Kestrel Bridge was shut on Tuesday by Marit Solheim.")
FERRY = Article(
    id="ferry", title="Ferry", text="The ferry Anneke Lund hit a pier in Tern Bay. Eleven people were hurt.", source="S"
)

PORT = Article(id="port", title="Port", text="The port is open.")


def ask_bridge(shelf: Shelf) -> str:
    result = shelf.library.pipeline().ask("Who shut the Kestrel Bridge?")
    return result.answers[0].citations[0].article.id if result.answers else ""


def test_what_goes_in_can_be_asked(shelf: Shelf) -> None:
    report = shelf.add(BRIDGE, FERRY)
    assert (report.added, report.passages, report.seen) == (2, 2, 2)
    assert ask_bridge(shelf) == "bridge"


def test_again_is_a_no_op_and_a_change_replaces(shelf: Shelf) -> None:
    shelf.add(BRIDGE)
    again = shelf.add(BRIDGE)
    assert (again.added, again.replaced, again.unchanged, again.passages) == (0, 0, 1, 0)
    changed = shelf.add(
        Article(id="bridge", title="Bridge open", text="The Kestrel Bridge was opened by Oddny Brandvik.")
    )
    assert changed.replaced == 1
    quotes = [a.citations[0].article.title for a in shelf.library.pipeline().ask("Who opened the Bridge?").answers]
    assert set(quotes) == {"Bridge open"}


def test_a_change_of_metadata_alone_replaces_too(shelf: Shelf) -> None:
    shelf.add(BRIDGE)
    assert shelf.add(Article(id="bridge", title=BRIDGE.title, text=BRIDGE.text, tags=("roads",))).replaced == 1


def test_a_bad_article_is_reported_and_the_rest_goes_in(shelf: Shelf) -> None:
    broken = ArticleError("no text", file="x.txt", line=3)
    items: list[Loaded | Unreadable] = [
        Loaded(article=BRIDGE),
        Unreadable(error=broken),
        Loaded(article=FERRY),
    ]
    seen: list[int] = []
    report = shelf.load(items, progress=lambda report: seen.append(report.seen))
    assert report.added == 2
    assert report.rejected == [broken]
    assert seen[-1] == 3


def test_prune_takes_out_what_left_the_folder_and_nothing_else(shelf: Shelf) -> None:
    archive = shelf.library.archive(create=True)
    items = [
        Loaded(article=BRIDGE, origin="/news/bridge.txt"),
        Loaded(article=FERRY, origin="/newsroom/ferry.txt"),
        Loaded(article=Article(id="typed", title="", text="Typed in by hand.")),
    ]
    shelf.load(items)
    again = shelf.load([Loaded(article=PORT, origin="/news/port.txt")])
    assert prune(archive, again, under=["/news"]) == []
    assert again.removed == 1
    with archive.reading() as index:
        assert [article.id for article in index.articles()] == ["ferry", "port", "typed"]
        with pytest.raises(NotFoundError):
            index.article("bridge")


@pytest.mark.slow
def test_every_quote_is_a_slice_and_one_question_sees_one_state(shelf: Shelf) -> None:
    """While an article is rewritten again and again, no answer mixes two versions of it."""
    shelf.add(BRIDGE, FERRY)
    pipeline, stop, failures = shelf.library.pipeline(), threading.Event(), []

    def asking() -> None:
        while not stop.is_set():
            try:
                for answer in pipeline.ask("Who shut the Kestrel Bridge?").answers:
                    for citation in answer.citations:
                        assert citation.article.text[citation.start : citation.end] == citation.quote
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=asking) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(20):
        text = f"{'Some words first. ' * (number % 5)}The Kestrel Bridge was shut by engineer number {number}."
        shelf.add(Article(id="bridge", title="Bridge", text=text))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_silence_has_a_reason_and_the_nearest_passages(shelf: Shelf) -> None:
    shelf.add(BRIDGE)
    result = shelf.library.pipeline().ask("Who shut the Kestrel Bridge?", min_probability=1.0)
    assert result.abstained
    assert result.reason
    assert result.nearest[0].quote == BRIDGE.text
    nothing = shelf.library.pipeline().ask("Who?", where=Where(ids=("nobody",)))
    assert nothing.abstained
    assert not nothing.nearest
    assert "no passage" in (nothing.reason or "")


def test_a_filter_holds(shelf: Shelf) -> None:
    shelf.add(BRIDGE, FERRY)
    hits = shelf.library.pipeline().search("Kestrel Bridge", where=Where(source=("S",)))
    assert {hit.passage.article_id for hit in hits} == {"ferry"}


@pytest.mark.parametrize("question", ["", " \n\t", "\x00", "x" * (MAX_QUESTION_LENGTH + 1)])
def test_a_question_that_cannot_be_asked_is_refused(shelf: Shelf, question: str) -> None:
    shelf.add(BRIDGE)
    with pytest.raises(QuestionError):
        shelf.library.pipeline().ask(question)


@pytest.mark.parametrize(
    "question", ["?", "\ud800 who", 'AND OR NOT "', "😀", "من أغلق الجسر؟", "a" * MAX_QUESTION_LENGTH]
)
def test_an_odd_question_gets_a_result(shelf: Shelf, question: str) -> None:
    shelf.add(BRIDGE)
    assert shelf.library.pipeline().ask(question).question == question


def test_the_same_question_gives_the_same_result_and_a_change_another_fingerprint(shelf: Shelf) -> None:
    shelf.add(BRIDGE)
    pipeline = shelf.library.pipeline()
    first, second = (pipeline.ask("Who shut the bridge?") for _ in range(2))
    assert (first.answers, first.fingerprint) == (second.answers, second.fingerprint)
    shelf.add(FERRY)
    assert pipeline.ask("Who shut the bridge?").fingerprint != first.fingerprint


def test_a_fingerprint_is_a_key_over_archive_settings_and_question(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(BRIDGE)
    pipeline = shelf.library.pipeline()
    other = Shelf(tmp_path / "other")
    other.add(FERRY)
    keys = {
        pipeline.ask("Who shut it?").fingerprint,
        pipeline.ask("Who shut the bridge?").fingerprint,
        pipeline.ask("Who shut it?", top_k=3).fingerprint,
        pipeline.ask("Who shut it?", max_answers=1).fingerprint,
        pipeline.ask("Who shut it?", min_probability=0.25).fingerprint,
        pipeline.ask("Who shut it?", where=Where(source=("S",))).fingerprint,
        Shelf(tmp_path / "index", retriever="lexical").library.pipeline().ask("Who shut it?").fingerprint,
        other.library.pipeline().ask("Who shut it?").fingerprint,
    }
    assert len(keys) == 8, "each of these may have other answers"
    assert pipeline.ask(pipeline.query("Who shut it?")).fingerprint in keys
    defaults = {"top_k": pipeline.top_k, "max_answers": pipeline.max_answers, "where": None}
    assert pipeline.ask("Who shut it?", **defaults).fingerprint in keys, "a default that is spelled out is the same"  # type: ignore[arg-type]
    other.library.close()


@pytest.mark.parametrize(
    "options", [{"top_k": 0}, {"top_k": 101}, {"top_k": 2.5}, {"max_answers": 0}, {"max_answers": 21},
                {"min_probability": 2}, {"min_probability": -0.1}, {"min_probability": float("nan")}, {"top_k": True}]
)  # fmt: skip
def test_options_out_of_bounds_are_refused(shelf: Shelf, options: dict[str, Any]) -> None:
    shelf.add(BRIDGE)
    with pytest.raises(QuestionError, match=next(iter(options))) as caught:
        shelf.library.pipeline().ask("Who?", **options)
    assert caught.value.hint


def test_a_hit_carries_its_article_and_a_result_its_query(shelf: Shelf) -> None:
    shelf.add(BRIDGE, FERRY)
    result = shelf.library.pipeline().ask("  Who shut the\nbridge? ", top_k=2)
    assert (result.query.question, result.query.asked_as) == ("  Who shut the\nbridge? ", "Who shut the bridge?")
    assert [hit.rank for hit in result.hits] == [1, 2]
    shelf.add(Article(id="bridge", title="Changed", text="Something else."))
    assert {hit.article for hit in result.hits} == {BRIDGE, FERRY}


def test_a_follow_up_is_looked_up_as_a_question_that_stands_alone(shelf: Shelf) -> None:
    shelf.add(BRIDGE, FERRY)
    pipeline = shelf.library.pipeline()
    history = [
        Turn(role="user", content="Who shut the Kestrel Bridge?"),
        Turn(role="assistant", content="Marit Solheim."),
    ]
    asked = pipeline.ask("And when was it shut?", history=history, min_probability=0)
    assert (asked.question, asked.asked_as) == ("And when was it shut?", "When was the Kestrel Bridge shut?")
    assert asked.fingerprint != pipeline.ask("And when was it shut?", min_probability=0).fingerprint
    assert pipeline.query("Who is the captain of the Anneke Lund?", history=history) == pipeline.query(
        "Who is the captain of the Anneke Lund?"
    )


def test_an_empty_archive_has_its_own_code(shelf: Shelf) -> None:
    shelf.library.archive(create=True)
    result = shelf.library.pipeline().ask("Who?")
    assert result.abstention
    assert (result.abstention.code, result.reason) == ("empty_archive", "the archive is empty")


def test_what_is_opened_is_closed(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(BRIDGE)
    with rag.open(tmp_path / "index", embedder="hashing", reader="overlap") as pipeline:
        assert pipeline.ask("Who?").hits
    with pytest.raises(ValueError, match="closed"):
        pipeline.ask("Who?")
    shared = shelf.library.pipeline()
    shared.close()
    assert shared.ask("Who?").hits, "a pipeline closes only what it opened itself"


@pytest.mark.models
def test_no_thread_outlives_a_library(tmp_path: Path) -> None:
    before = threading.active_count()
    with Library(load({"index": tmp_path}, environ={})) as library:
        library.archive(create=True)
        library.pipeline().ask("Who?")
        library.reader.read("Who?", hits([Passage(article_id="a", start=0, end=1, text="x")]))
        assert threading.active_count() > before
    assert threading.active_count() == before


def test_no_archive_and_another_embedder_are_clear_errors(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="rag ingest"):
        shelf.library.pipeline()
    shelf.add(BRIDGE)
    other = Shelf(tmp_path / "index", passage_tokens=64)
    with pytest.raises(IndexMismatchError):
        other.library.pipeline()


def test_progress_is_optional_and_told_after_each_batch(shelf: Shelf) -> None:
    told: list[IngestReport] = []
    notice: Callable[[IngestReport], None] = told.append
    articles = [Article(id=f"a{n}", title="", text=f"Article number {n} stands here.") for n in range(600)]
    report = shelf.load((Loaded(article=article) for article in articles), progress=notice)
    assert report.added == 600
    assert len(told) == 3
