"""Any question-answering model: the head must be there, the logits are the model's own."""

from pathlib import Path

import pytest

from rag.errors import ModelError, ModelMissingError
from rag.reader.export import export_reader
from rag.reader.onnx import OnnxReader
from rag.reader.transformer import TransformerReader
from rag.types import Passage
from tests.records import hits
from tests.tiny_models import question_model

pytestmark = pytest.mark.slow

TEXT = "Hezbollah is backed by Iran. Zinc prices fell 3.5 % on Tuesday."
PASSAGE = Passage(article_id="a", start=0, end=len(TEXT), text=TEXT)


def test_onnx_and_torch_read_alike(tmp_path: Path) -> None:
    source = question_model(tmp_path / "source", family="bert")
    export_reader(source, target=tmp_path / "onnx", name="tiny", precision="fp32")
    here, there = OnnxReader.load(tmp_path / "onnx"), TransformerReader.load(str(source))
    found, expected = (reader.read("Who backs Hezbollah?", hits([PASSAGE])) for reader in (here, there))
    assert [(span.start, span.end) for span in found] == [(span.start, span.end) for span in expected]
    assert [span.score for span in found] == pytest.approx([span.score for span in expected], abs=1e-3)
    here.close()


def test_a_model_without_answer_head_is_refused(tmp_path: Path) -> None:
    from transformers import AutoModel

    source = question_model(tmp_path / "source", family="bert")
    AutoModel.from_pretrained(source).save_pretrained(source)
    with pytest.raises(ModelError, match="qa_outputs"):
        TransformerReader.load(str(source))


def test_a_missing_model_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError):
        TransformerReader.load(str(tmp_path / "empty"))


def test_without_the_library_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(ModelMissingError) as caught:
        TransformerReader.load("any")
    assert "quoth[models]" in caught.value.hint


def test_other_weights_have_another_fingerprint(tmp_path: Path) -> None:
    first = TransformerReader.load(str(question_model(tmp_path / "one", family="bert")))
    second = TransformerReader.load(str(question_model(tmp_path / "two", family="bert", positions=100)))
    assert first.fingerprint.split("@")[1] != second.fingerprint.split("@")[1]
