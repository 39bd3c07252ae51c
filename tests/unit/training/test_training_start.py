"""Training starts from the reader that is in use: float weights come back out of its model folder."""

from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.reader.examples import examples
from rag.reader.export import LIMITS, export_checked, export_reader
from rag.reader.onnx import SHIPPED, OnnxReader
from rag.training.network import load
from rag.training.predict import read_all
from rag.training.start import float_folder
from rag.types import Hit
from tests.tiny_models import question_model
from tests.unit.training.conftest import CITIES, context

ASKED = [(f"In which country does {city} lie?", context(city)) for city in CITIES]


def best(folder: Path) -> list[tuple[int, int, float]]:
    with OnnxReader.load(folder, threads=1) as reader:
        spans = [reader.read(question, [Hit.of(text)])[0] for question, text in ASKED]
    return [(span.start, span.end, span.score) for span in spans]


def test_a_folder_of_floats_is_taken_as_it_is(tmp_path: Path, tiny: Path) -> None:
    assert float_folder(tiny, scratch=tmp_path / "scratch") == tiny
    assert not (tmp_path / "scratch").exists()


def test_an_exported_reader_is_opened_and_exported_again_with_the_same_scores(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="bert")
    export_reader(source, target=tmp_path / "small", name="tiny", looked_at=ASKED)
    floats = float_folder(tmp_path / "small", scratch=tmp_path / "floats")
    export_reader(floats, target=tmp_path / "again", name="tiny", looked_at=ASKED)
    was, now = best(tmp_path / "small"), best(tmp_path / "again")
    # Not the spans: those of random weights are all but tied. The shipped weights are held to theirs below.
    assert [score for *_, score in now] == pytest.approx([score for *_, score in was], abs=0.5)

    network, tokenizer = load(floats, bf16=False, seed=1)
    found = read_all(network, tokenizer, ASKED)
    assert [one.score for one in found if one] == pytest.approx([score for *_, score in was], abs=1.0)


def test_a_damaged_model_folder_is_refused(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="bert")
    export_reader(source, target=tmp_path / "small", name="tiny", looked_at=ASKED)
    (tmp_path / "small" / "model.onnx").write_bytes(b"half")
    with pytest.raises(ModelError, match="not the file that was written"):
        float_folder(tmp_path / "small", scratch=tmp_path / "floats")


@pytest.mark.slow
@pytest.mark.models
def test_the_shipped_weights_read_as_the_shipped_reader_does(tmp_path: Path) -> None:
    floats = float_folder(SHIPPED, scratch=tmp_path / "floats")
    looked_at, compared = examples()
    export_reader(floats, target=tmp_path / "fp32", name="floats", precision="fp32")
    shifts = []
    with OnnxReader.load() as small, OnnxReader.load(tmp_path / "fp32") as large:
        for question, text in looked_at + compared:
            one, other = (reader.read(question, [Hit.of(text)])[0] for reader in (small, large))
            shifts.append(abs(one.score - other.score))
    assert sum(shifts) / len(shifts) < 0.3
    agreement = export_checked(floats, target=tmp_path / "again", name="again", asked=compared[:24])
    assert agreement.within(LIMITS)
