"""The graph gives what transformers gives."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from rag.errors import ModelError
from rag.inference.bert import BertConfig, Precision, Weights, build
from rag.inference.session import Session
from tests.tiny_models import question_model

CONFIG = {
    "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": 2, "num_attention_heads": 2,
    "layer_norm_eps": 1e-12, "max_position_embeddings": 8,
}  # fmt: skip


def random_weights(*, prefix: str = "bert.") -> Weights:
    rng = np.random.default_rng(3)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (20, 8),
        "embeddings.position_embeddings.weight": (8, 8),
        "embeddings.token_type_embeddings.weight": (2, 8),
        "embeddings.LayerNorm.weight": (8,),
        "embeddings.LayerNorm.bias": (8,),
    }
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{at}{part}.weight": (8, 8), f"{at}{part}.bias": (8,)}
        shapes |= {f"{at}intermediate.dense.weight": (12, 8), f"{at}intermediate.dense.bias": (12,)}
        shapes |= {f"{at}output.dense.weight": (8, 12), f"{at}output.dense.bias": (8,)}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{at}{part}.weight": (8,), f"{at}{part}.bias": (8,)}
    weights = {prefix + name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return weights | {
        "qa_outputs.weight": rng.normal(size=(2, 8)).astype(np.float32),
        "qa_outputs.bias": np.zeros(2, dtype=np.float32),
    }


def config(**changes: object) -> BertConfig:
    return BertConfig.parse(json.dumps({**CONFIG, **changes}).encode())


def run(
    model: bytes, ids: list[int], kinds: list[int] | None = None
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    session = Session(model, threads=1)
    feed = {"input_ids": np.array([ids])}
    if kinds is not None:
        feed["token_type_ids"] = np.array([kinds])
    try:
        return session.run([feed])[0]
    finally:
        session.close()


def test_logits_are_near_in_both_precisions() -> None:
    weights = random_weights()
    large, small = (
        run(build(weights, config(), head="answer_logits", precision=precision), [1, 2, 3, 4], [0, 0, 1, 1])
        for precision in ("fp32", "int8")
    )
    assert large.shape == small.shape == (1, 4, 2)
    assert 0 < np.abs(large - small).max() < 0.25 * np.abs(large).max()


def test_vectors_have_unit_length() -> None:
    vector = run(build(random_weights(), config(), head="sentence_vector", precision="int8"), [1, 2, 3])
    assert vector.shape == (1, 8)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_the_prefix_of_weight_names_and_half_precision_do_not_matter() -> None:
    plain, prefixed = (
        build(random_weights(prefix=prefix), config(), head="sentence_vector", precision="fp32")
        for prefix in ("", "bert.")
    )
    assert plain == prefixed
    half = {name: values.astype(np.float16) for name, values in random_weights().items()}
    vectors = [
        run(model, [1, 2, 3]) for model in (plain, build(half, config(), head="sentence_vector", precision="fp32"))
    ]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=0.02)


def test_building_twice_gives_the_same_bytes() -> None:
    first, second = (build(random_weights(), config(), head="answer_logits", precision="int8") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("precision", "largest"), [("int8", 64), ("int8w8", 127)])
def test_int8_does_not_use_the_bit_that_saturates_on_older_machines(precision: Precision, largest: int) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(build(random_weights(), config(), head="answer_logits", precision=precision))
    weights = [
        t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8 and t.name.endswith(".weight")
    ]
    assert len(weights) == 8
    assert all(np.abs(onnx.numpy_helper.to_array(tensor).astype(int)).max() == largest for tensor in weights)


@pytest.mark.parametrize(
    "changes", [{"model_type": "roberta"}, {"hidden_act": "gelu_new"}, {"position_embedding_type": "relative_key"}]
)
def test_other_architectures_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ModelError, match=next(iter(changes.values()))):
        config(**changes)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[]", b"{}", b'{"model_type": "bert"}', b'"bert"'])
def test_a_config_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(ModelError):
        BertConfig.parse(text)


@pytest.mark.parametrize(
    "missing", ["qa_outputs.bias", "bert.embeddings.word_embeddings.weight", "bert.encoder.layer.1.output.dense.bias"]
)
def test_a_missing_weight_is_named(missing: str) -> None:
    weights = {name: values for name, values in random_weights().items() if name != missing}
    with pytest.raises(ModelError, match=missing.removeprefix("bert.")):
        build(weights, config(), head="answer_logits", precision="fp32")


@pytest.mark.slow
def test_logits_are_those_of_transformers(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForQuestionAnswering

    question_model(tmp_path, family="bert")
    ids, kinds = [2, 9, 30, 3, 40, 41, 60, 3], [0, 0, 0, 0, 1, 1, 1, 1]
    model = AutoModelForQuestionAnswering.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        out = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([kinds]))
    expected = torch.stack([out.start_logits, out.end_logits], dim=-1).numpy()
    weights = safetensors.numpy.load_file(tmp_path / "model.safetensors")
    parsed = BertConfig.parse((tmp_path / "config.json").read_bytes())
    found = run(build(weights, parsed, head="answer_logits", precision="fp32"), ids, kinds)
    np.testing.assert_allclose(found, expected, atol=1e-4)
