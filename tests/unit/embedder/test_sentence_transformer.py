"""Any sentence-transformers model: its prompts count, its absence is explained."""

from pathlib import Path

import numpy as np
import pytest

from rag.embedder.sentence_transformer import SentenceTransformerEmbedder
from rag.errors import ModelError, ModelMissingError
from tests.tiny_models import sentence_model

pytestmark = pytest.mark.slow


def test_prompts_are_used_and_count_against_the_limit(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = str(sentence_model(tmp_path / "plain"))
    plain = SentenceTransformerEmbedder.load(folder)
    prompts = {"query": "who zinc ", "document": "why what "}
    prompted = SentenceTransformerEmbedder(SentenceTransformer(folder, device="cpu", prompts=prompts), name=folder)
    np.testing.assert_allclose(prompted.embed_question("Iran"), plain.embed_question("who zinc Iran"), atol=1e-6)
    np.testing.assert_allclose(prompted.embed_passages(["Iran"]), plain.embed_passages(["why what Iran"]), atol=1e-6)
    assert plain.max_tokens == 62
    assert prompted.max_tokens == 60
    assert prompted.fingerprint != plain.fingerprint


def test_a_folder_without_a_model_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError):
        SentenceTransformerEmbedder.load(str(tmp_path / "none"))


def test_without_the_library_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sentence_transformers", None)
    with pytest.raises(ModelMissingError) as caught:
        SentenceTransformerEmbedder.load("any")
    assert "quoth[models]" in caught.value.hint
