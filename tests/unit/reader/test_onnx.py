"""The shipped reader, and readers exported in its manner."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import ModelError, ModelMissingError
from rag.inference.files import open_model
from rag.reader.export import compare, export_reader
from rag.reader.onnx import SHIPPED, OnnxReader
from rag.types import Passage
from tests.records import hits
from tests.tiny_models import question_model

TEXT = (
    "The Harbour Authority of Port Selwick said on Thursday that the new ferry terminal will open in March 2026. "
    "Its director, Anna Brandt, put the cost at 48 million euros, a third of which the city pays. "
    "Fishermen fear for their moorings."
)
PASSAGE = Passage(article_id="a", start=0, end=len(TEXT), text=TEXT)


def test_the_shipped_folder_is_whole_and_small() -> None:
    model = open_model(SHIPPED)
    assert set(model.contents) == {"model.onnx", "tokenizer.json", "config.json"}
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 30_000_000
    assert (SHIPPED / "README.md").read_text(encoding="utf-8").startswith("# Model card")


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the director of the Harbour Authority?", "Anna Brandt"),
        ("When will the terminal open?", "March 2026"),
        ("How much does the terminal cost?", "48 million euros"),
    ],
)
def test_the_shipped_reader_answers(question: str, answer: str) -> None:
    reader = OnnxReader.load()
    best = reader.read(question, hits([PASSAGE]))[0]
    assert best.text == answer
    assert best.score > 0
    reader.close()


@pytest.mark.models
def test_scores_are_the_same_to_the_last_bit_in_any_company() -> None:
    reader = OnnxReader.load()
    other = Passage(article_id="b", start=0, end=40, text="Anna Brandt has nothing to do with this.")
    alone = reader.read("Who is the director?", hits([PASSAGE]))
    together = reader.read("Who is the director?", hits([other, PASSAGE, other]))
    beside = [(span.start, span.end, span.score) for span in together if span.hit.passage is PASSAGE]
    assert beside == [(span.start, span.end, span.score) for span in alone]
    reader.close()


@pytest.mark.models
def test_no_heavy_library_is_loaded() -> None:
    code = (
        "import sys; from rag.reader.onnx import OnnxReader; OnnxReader.load().read('who', []);"
        "print([m for m in ('torch', 'transformers', 'onnx') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")


def test_a_folder_without_a_model_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError):
        OnnxReader.load(tmp_path)


@pytest.mark.slow
def test_export_keeps_to_the_positions_of_the_model(tmp_path: Path) -> None:
    export_reader(
        question_model(tmp_path / "source", family="bert", positions=64), target=tmp_path / "out", name="tiny"
    )
    reader = OnnxReader.load(tmp_path / "out")
    assert reader.read("who " * 100, hits([PASSAGE]))
    assert reader.fingerprint.startswith("tiny@")
    reader.close()


@pytest.mark.slow
def test_comparing_says_how_far_int8_strays(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="bert")
    agreement = compare(source, [("Who backs Hezbollah?", PASSAGE), ("How many?", PASSAGE)])
    assert agreement.questions == 2
    assert 0 <= agreement.same <= 1
    assert 0 < agreement.shift < 5


@pytest.mark.slow
def test_other_families_cannot_be_exported(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="electra")
    with pytest.raises(ModelError, match="electra"):
        export_reader(source, target=tmp_path / "out", name="tiny")
