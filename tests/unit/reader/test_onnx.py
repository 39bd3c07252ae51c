"""The shipped reader, and readers exported in its manner."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import InputError, ModelError, ModelMissingError
from rag.inference.files import open_model
from rag.reader.examples import examples
from rag.reader.export import LIMITS, Limits, compare, export_checked, export_reader
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
ASKED = [("Who backs Hezbollah?", TEXT), ("How many?", TEXT)]
NONE = Limits(same=0, sides=0, shift=1_000)


def test_the_shipped_folder_is_whole_and_small() -> None:
    model = open_model(SHIPPED)
    assert set(model.contents) == {"model.onnx", "tokenizer.json", "config.json"}
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 30_000_000
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert card.startswith(f"# Model card: {model.manifest.name}\n")
    assert model.manifest.weights_sha256 in card


def test_the_shipped_reader_was_within_the_limits() -> None:
    agreement = open_model(SHIPPED).manifest.agreement
    assert agreement["same"] >= agreement["limit_same"] == LIMITS.same
    assert agreement["sides"] >= agreement["limit_sides"] == LIMITS.sides
    assert agreement["shift"] <= agreement["limit_shift"] == LIMITS.shift


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
    agreement = compare(source, [("Who backs Hezbollah?", TEXT), ("How many?", TEXT)])
    assert agreement.questions == 2
    assert 0 <= agreement.same <= 1
    assert 0 < agreement.shift < 5


@pytest.mark.slow
def test_what_is_written_says_how_alike_it_is(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="bert")
    agreement = export_checked(source, target=tmp_path / "out", name="tiny", asked=ASKED, limits=NONE)
    manifest = open_model(tmp_path / "out").manifest
    assert manifest.agreement["same"] == round(agreement.same, 4)
    assert manifest.agreement["limit_shift"] == NONE.shift
    assert len(agreement.texts) == 2
    with pytest.raises(InputError, match="there already"):
        export_checked(source, target=tmp_path / "out", name="tiny")


@pytest.mark.slow
@pytest.mark.parametrize("limits", [replace(NONE, same=1.01), replace(NONE, sides=1.01), replace(NONE, shift=0.0)])
def test_what_strays_too_far_is_not_written(tmp_path: Path, limits: Limits) -> None:
    source = question_model(tmp_path / "source", family="bert")
    with pytest.raises(ModelError, match="strays too far") as caught:
        export_checked(source, target=tmp_path / "out", name="tiny", asked=ASKED, limits=limits)
    assert caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_comparison_needs_a_question(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no question"):
        export_checked(tmp_path, target=tmp_path / "out", name="tiny", asked=[])


@pytest.mark.slow
def test_the_same_weights_smoothed_otherwise_have_another_fingerprint(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="bert")
    names = set()
    for number, looked_at in enumerate((ASKED, ASKED[:1], ASKED)):
        export_reader(source, target=tmp_path / str(number), name="tiny", looked_at=looked_at)
        reader = OnnxReader.load(tmp_path / str(number))
        names.add(reader.fingerprint)
        reader.close()
    assert len(names) == 2


def test_there_are_examples_to_export_with() -> None:
    looked_at, compared = examples()
    assert len(looked_at) == len(compared) == 60
    assert not {text for _, text in looked_at} & {text for _, text in compared}


@pytest.mark.slow
def test_other_families_cannot_be_exported(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="electra")
    with pytest.raises(ModelError, match="electra"):
        export_reader(source, target=tmp_path / "out", name="tiny")
