"""Questions get passages, offsets and negatives from the archive that they are about."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.bootstrap import Library
from rag.errors import InputError
from rag.evaluation.metrics import mentions
from rag.evaluation.questions import Question
from rag.loaders import load as load_articles
from rag.pipeline import ingest
from rag.protocols import Index
from rag.settings import load
from rag.training.data import Example, read_examples
from rag.training.passages import answer_spans, examples_of
from rag.training.run import TrainingRun
from rag.training.sources import on_files

TOWNS = {"nordby": "Hilde Strand", "sundvik": "Per Aas", "vestum": "Ida Moe", "ostby": "Jon Lie"}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setenv("RAG_EMBEDDER", "hashing")
    filler = " ".join(f"The harbour of the town has berth number {n} for boats." for n in range(30))
    rows = [
        {"id": town, "title": town, "text": f"{filler} The mayor of {town} is {mayor}. She won with 52 votes. {filler}"}
        for town, mayor in TOWNS.items()
    ]
    (tmp_path / "towns.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with Library(load({"index": tmp_path / "index"})) as opened:
        archive = opened.archive(create=True)
        ingest(
            load_articles([str(tmp_path / "towns.jsonl")]),
            archive=archive,
            chunker=opened.chunker,
            embedder=opened.embedder,
        )
        yield opened


@pytest.fixture
def view(library: Library) -> Iterator[Index]:
    with library.archive().reading() as index:
        yield index


def asked(library: Library, view: Index, *questions: Question) -> list[Example]:
    return examples_of(questions, index=view, retriever=library.retriever, source="towns")


MAYOR = Question(id="1", question="Who is the mayor of sundvik?", answers=("per aas", "Aas"), article_ids=("sundvik",))


def test_an_answer_gets_the_passage_of_its_article_that_holds_it(library: Library, view: Index) -> None:
    (example,) = asked(library, view, MAYOR)
    assert example.answer_texts == ("Per Aas", "Aas")
    assert (example.title, example.source, example.id) == ("sundvik", "towns", "1")
    assert 1 < len(example.negatives) <= 8
    assert not any(mentions(text, MAYOR.answers) for text in example.negatives)
    assert "The mayor of" in example.negatives[0]


def test_each_article_that_answers_gives_an_example(library: Library, view: Index) -> None:
    won = Question(id="2", question="With how many votes?", answers=("52",), article_ids=("nordby", "ostby"))
    assert [example.title for example in asked(library, view, won)] == ["nordby", "ostby"]


def test_what_the_archive_does_not_say_gets_the_nearest_passages(library: Library, view: Index) -> None:
    (example,) = asked(
        library, view, Question(id="3", question="Who was mayor of vestum before?", answers=(), near=("vestum",))
    )
    assert example.answers == ()
    assert example.title == "vestum"
    assert "The mayor of vestum" in example.context
    assert example.context not in example.negatives
    (example,) = asked(library, view, Question(id="4", question="Who was mayor of vestum before?", answers=()))
    assert "The mayor of" in example.context


def test_an_answer_that_stands_nowhere_gives_no_example(library: Library, view: Index) -> None:
    assert asked(library, view, replace(MAYOR, answers=("Per Aa",))) == []


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("It left at 15:40.", "5", []),
        ("It left at 5:40, not at 5.", "5", ["5"]),
        ("The Iran-backed group", "iran", ["Iran"]),
        ("(Tuesday), or tuesday", "Tuesday", ["Tuesday", "tuesday"]),
        ("the  town\nhall burnt", "town hall", ["town\nhall"]),
        ("It cost $2,400 (2,400).", "$2,400", ["$2,400"]),
        ("Aasen", "Aas", []),
    ],
)
def test_answers_stand_as_whole_words(text: str, answer: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in answer_spans(text, [answer])] == found


@given(
    before=st.text(" ab5.:-", max_size=6),
    answer=st.text("ab5 .", min_size=1).filter(str.strip),
    after=st.text(" b5:", max_size=6),
)
def test_what_is_found_reads_as_the_answer(before: str, answer: str, after: str) -> None:
    text = before + answer + after
    for start, end in answer_spans(text, [answer]):
        assert 0 <= start < end <= len(text)
        assert text[start:end].split() == answer.split()
        assert start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())


def run_over(folder: Path, *, index: Path | None) -> TrainingRun:
    rows = [
        {"id": "1", "question": MAYOR.question, "answers": ["Per Aas"], "article_ids": ["sundvik"]},
        {"id": "2", "question": "Who is the mayor of vestum?", "answers": ["Nobody Known"], "article_ids": ["vestum"]},
    ]
    path = folder / "asked.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return TrainingRun(sources=(path,), start=folder, out=folder / "run", index=index)


def test_a_run_keeps_the_passages_that_it_found(library: Library, tmp_path: Path) -> None:
    run, left_out = on_files(run_over(tmp_path, index=tmp_path / "index"))
    assert left_out == 1
    (path,) = run.sources
    assert path.parent == tmp_path / "run"
    (example,) = read_examples(path)
    assert example.answer_texts == ("Per Aas",)
    assert example.negatives
    with library.archive().writing() as writer:
        writer.delete(list(TOWNS))
    assert on_files(run_over(tmp_path, index=tmp_path / "index")) == (run, 1)


def test_questions_without_passages_need_an_archive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="come without passages"):
        on_files(run_over(tmp_path, index=None))
