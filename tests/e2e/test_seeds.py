"""The demo archive and the shipped models, from files to answers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.bootstrap import Library
from rag.evaluation.questions import load_questions
from rag.evaluation.runner import predict, summarise
from rag.loaders import load as load_files
from rag.pipeline import Pipeline, ingest
from rag.settings import Settings, load

pytestmark = pytest.mark.models

ROOT = Path(__file__).parents[2]
QUESTIONS = ROOT / "eval" / "questions" / "seeds.jsonl"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load({"index": tmp_path_factory.mktemp("seeds")}, environ={})


@pytest.fixture(scope="module")
def pipeline(settings: Settings) -> Iterator[Pipeline]:
    library = Library(settings)
    report = ingest(
        load_files([str(ROOT / "seeds" / "articles")]),
        archive=library.archive(create=True),
        chunker=library.chunker,
        embedder=library.embedder,
    )
    assert report.rejected == []
    assert report.added == 44
    yield library.pipeline()
    library.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who backs Hezbollah?", "Iran"),
        ("What is the toll in the Customs Tunnel?", "12 crowns"),
        ("Who is the city engineer of Port Ansel?", "Marit Solheim"),
        ("On what day was Blinken's visit scheduled?", "Tuesday"),
        ("Who discovered Comet Ångström?", "Zoë Ångström"),
    ],
)
def test_answers(pipeline: Pipeline, question: str, answer: str) -> None:
    result = pipeline.ask(question)
    assert answer.casefold() in result.answers[0].text.casefold()
    for found in result.answers:
        for citation in found.citations:
            assert citation.article.text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("question", ["Who is the president of France?", "asdf qwer", "?"])
def test_says_when_the_archive_does_not(pipeline: Pipeline, question: str) -> None:
    result = pipeline.ask(question)
    assert result.abstained
    assert result.reason


def test_questions_name_articles_of_the_archive_and_quote_them(pipeline: Pipeline) -> None:
    with pipeline.archive.reading() as index:
        for question in load_questions(QUESTIONS):
            texts = [index.article(article_id).text for article_id in question.article_ids]
            for answer in question.answers:
                assert any(answer in text for text in texts), (question.id, answer)
            for article_id in question.near:
                assert index.article(article_id)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_quality_holds(pipeline: Pipeline) -> None:
    questions = load_questions(QUESTIONS)[::3]
    summary = summarise(questions, predict(pipeline, questions), min_probability=pipeline.threshold)
    for name, floor in FLOORS.items():
        figure = summary[name]
        assert isinstance(figure, dict)
        assert figure["mean"] >= floor, (name, figure)


# For every third question, a little under what was measured when they were set; raise them when the figures rise.
FLOORS = {"recall@10": 0.98, "forced_f1": 0.75, "f1": 0.4, "abstained_when_unanswerable": 0.86}


def test_a_new_process_answers_without_torch(pipeline: Pipeline, settings: Settings) -> None:
    code = (
        "import sys\n"
        "from rag.cli import app\n"
        f"app(['ask', '--index', {str(settings.index)!r}, 'Who backs Hezbollah?'], standalone_mode=False)\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'fastapi', 'trafilatura', 'onnx'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Iran" in done.stdout
