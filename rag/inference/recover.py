"""The inverse of `rag.inference.bert`: the float weights that the graph of a reader was built from.

Rounding stays: a weight is as near as its precision holds. Factors of `rag.inference.smoothing` that the graph
multiplies by go back into the weights; those that were moved from an attention's output layer into the value
projection stay there, where they change nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.inference.bert import FACTORS, BertConfig, Weights

_PREFIX: Final = "bert."
_UNCHANGED: Final = {
    "positions": "embeddings.position_embeddings.weight",
    "types": "embeddings.token_type_embeddings.weight",
    "embeddings.norm.weight": "embeddings.LayerNorm.weight",
    "embeddings.norm.bias": "embeddings.LayerNorm.bias",
}
_DENSE: Final = ("attention.output.dense", "intermediate.dense", "output.dense")
_NORMS: Final = ("attention.output.LayerNorm", "output.LayerNorm")


def recover(graph: bytes, config: BertConfig) -> Weights:
    """The weights in float32 under the names of transformers' BertForQuestionAnswering.

    Args:
        graph: what `rag.inference.bert.build` made for the head ``answer_logits``, in any precision.
        config: the one it was built with.

    Raises:
        ModelError: it is another graph.
    """
    held = _tensors(graph)
    try:
        weights = {_PREFIX + name: held[tensor] for tensor, name in _UNCHANGED.items()}
        weights[f"{_PREFIX}embeddings.word_embeddings.weight"] = _scaled(held, "words", "words.scale")
        for number in range(config.layers):
            at = f"encoder.layer.{number}."
            weights |= {_PREFIX + name: values for name, values in _layer(held, at).items()}
        weights["qa_outputs.weight"] = held["answer.weight"].T
        weights["qa_outputs.bias"] = held["answer.bias"]
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"the weights cannot be taken out of the graph: {error}", hint="give a reader that `rag export` made"
        ) from error
    return {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in weights.items()}


def _tensors(graph: bytes) -> Mapping[str, NDArray[Any]]:
    import onnx
    from onnx import numpy_helper

    initializers = onnx.load_from_string(graph).graph.initializer
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in initializers}


def _layer(held: Mapping[str, NDArray[Any]], at: str) -> dict[str, NDArray[Any]]:
    seen = f"{at}attention"
    parts = [f"{seen}.self.{part}" for part in ("query", "key", "value")]
    matrices = np.split(_matrix(held, seen, factors=f"{seen}.self{FACTORS}"), 3, axis=1)
    found = {f"{part}.weight": matrix.T for part, matrix in zip(parts, matrices, strict=True)}
    found |= {f"{part}.bias": bias for part, bias in zip(parts, np.split(held[f"{seen}.bias"], 3), strict=True)}
    for dense in _DENSE:
        found[f"{at}{dense}.weight"] = _matrix(held, at + dense, factors=f"{at}{dense}{FACTORS}").T
        found[f"{at}{dense}.bias"] = held[f"{at}{dense}.bias"]
    names = [f"{at}{norm}.{part}" for norm in _NORMS for part in ("weight", "bias")]
    return found | {name: held[name] for name in names}


def _matrix(held: Mapping[str, NDArray[Any]], name: str, *, factors: str) -> NDArray[Any]:
    """Shape (in, out), for the input as it is before it is multiplied by its factors."""
    matrix = _scaled(held, f"{name}.weight", f"{name}.scale")
    return matrix * held[factors][:, None] if factors in held else matrix


def _scaled(held: Mapping[str, NDArray[Any]], values: str, scale: str) -> NDArray[Any]:
    return held[values] * held[scale] if scale in held else held[values]
