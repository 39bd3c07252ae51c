"""Builds the ONNX graph of a BERT encoder straight from its weights: no tracing, no torch.

(One file although it is long: the graph is read from top to bottom, as it is built.)

The graph takes sequences without padding, so it has no attention mask: run one sequence a call (see
`rag.inference.session`), or several of equal length. It uses the fused operators of ONNX Runtime's CPU
provider (domain ``com.microsoft``). GELU is the exact one, with erf.

In int8 every weight matrix has one symmetric scale per output column and the word embeddings one per row;
activations are quantised on the fly, with one scale per call: a neighbour in the batch would change the
result, which is the second reason to run one sequence a call. The head and the layer norms stay float32.

The weights of ``int8`` have 7 bits (-64 to 64). On x86 without VNNI (before Ice Lake or Zen 4) the fast 8-bit
kernel adds two products in 16 bits and saturates above that; with 7 bits no machine saturates and all give the
same sums. Those of ``int8w8`` have 8 bits (-127 to 127), which is closer to fp32; `rag.inference.session` keeps
their sums exact on such machines.

Weights may carry the factors of `rag.inference.smoothing`; the graph then multiplies a linear layer's input by
them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError

Precision: TypeAlias = Literal["fp32", "int8", "int8w8"]
Head: TypeAlias = Literal["sentence_vector", "answer_logits", "input_peaks"]
Weights: TypeAlias = Mapping[str, NDArray[Any]]

EXPORTER: Final = 1
"""Grows whenever the same weights would give another graph; part of cache keys and fingerprints."""

FACTORS: Final = ".input_factors"
"""Ends the name of the weights that a linear layer's input is multiplied by, one a channel."""

_OPSET: Final = 17
_WEIGHT_RANGES: Final = {"int8": 64, "int8w8": 127}
_ROW_RANGE: Final = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class BertConfig:
    """The few numbers of ``config.json`` that shape the graph."""

    layers: int
    heads: int
    epsilon: float
    positions: int

    @classmethod
    def parse(cls, text: bytes) -> "BertConfig":
        """The numbers, from a ``config.json`` as transformers writes it.

        Raises:
            ModelError: it is not JSON, or describes something other than a BERT encoder with exact GELU and
                absolute positions.
        """
        try:
            config = json.loads(text)
            found = (config["model_type"], config["hidden_act"], config.get("position_embedding_type", "absolute"))
            built = cls(
                layers=int(config["num_hidden_layers"]),
                heads=int(config["num_attention_heads"]),
                epsilon=float(config["layer_norm_eps"]),
                positions=int(config["max_position_embeddings"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"the model's config.json cannot be read: {error!r}") from error
        if found != ("bert", "gelu", "absolute"):
            raise ModelError(
                f"cannot build a graph for {'/'.join(map(str, found))}",
                hint="only BERT encoders with gelu and absolute positions; run others through transformers",
            )
        return built


def build(weights: Weights, config: BertConfig, *, head: Head, precision: Precision) -> bytes:
    """A serialised ONNX model.

    Inputs: ``input_ids`` int64 (batch, tokens) and, for answer logits, ``token_type_ids`` alike. Output
    ``vector`` (batch, hidden), the mean over all tokens at unit length; ``logits`` (batch, tokens, 2), start and
    end; or ``peaks`` (channels,), the largest absolute value of every input channel of `linear_layers`, one layer
    after the other. Weight names are those of transformers; any prefix before ``embeddings.`` is found.

    Raises:
        ModelError: a weight is missing or shaped wrong.
    """
    graph = _Graph(weights, prefix=prefix(weights), precision=precision)
    try:
        hidden = _embeddings(graph, config, typed=head != "sentence_vector")
        for layer in range(config.layers):
            hidden = _layer(graph, f"encoder.layer.{layer}.", hidden, config)
        output = _HEADS[head](graph, hidden)
    except KeyError as error:
        raise ModelError(f"the weights lack {error}", hint="is this a BERT model with that head?") from error
    return graph.serialise(output)


def prefix(weights: Weights) -> str:
    """What stands before ``embeddings.`` in the names of the weights."""
    return next((name.removesuffix(_WORDS) for name in weights if name.endswith(_WORDS)), "")


def linear_layers(config: BertConfig) -> dict[str, tuple[str, ...]]:
    """The linear layers that are quantised, in the graph's order: name -> those whose weights share the input."""
    layers: dict[str, tuple[str, ...]] = {}
    for number in range(config.layers):
        at = f"encoder.layer.{number}."
        layers[f"{at}attention.self"] = tuple(f"{at}attention.self.{part}" for part in _PROJECTIONS)
        for part in ("attention.output.dense", "intermediate.dense", "output.dense"):
            layers[at + part] = (at + part,)
    return layers


_WORDS: Final = "embeddings.word_embeddings.weight"
_PROJECTIONS: Final = ("query", "key", "value")


class _Graph:
    """Collects nodes and tensors; every method that adds a node gives the name of its output."""

    def __init__(self, weights: Weights, *, prefix: str, precision: Precision) -> None:
        self._weights = weights
        self._prefix = prefix
        self.int8 = precision != "fp32"
        self._limit = _WEIGHT_RANGES.get(precision, 0)
        self.linear_inputs: list[str] = []
        self._nodes: list[Any] = []
        self._tensors: list[Any] = []
        self._inputs: list[str] = []

    def weight(self, name: str) -> NDArray[np.float32]:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return np.asarray(found, dtype=np.float32)

    def _find(self, name: str) -> NDArray[Any] | None:
        return self._weights.get(self._prefix + name, self._weights.get(name))

    def _linear_input(self, layer: str, hidden: str) -> str:
        """What the layer multiplies its weights with: ``hidden``, times the layer's factors if there are any."""
        self.linear_inputs.append(hidden)
        factors = self._find(layer + FACTORS)
        return (
            hidden
            if factors is None
            else self.node("Mul", f"{layer}.smoothed", [hidden, self.tensor(layer + FACTORS, factors)])
        )

    def input(self, name: str) -> str:
        self._inputs.append(name)
        return name

    def tensor(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(
        self, operator: str, name: str, inputs: list[str], *, outputs: int = 1, fused: bool = False, **attributes: Any
    ) -> str:
        from onnx import helper

        names = [name, *(f"{name}.{more}" for more in range(1, outputs))]
        domain = "com.microsoft" if fused else ""
        self._nodes.append(
            helper.make_node(operator, inputs, names, name=f"{name}:{operator}", domain=domain, **attributes)
        )
        return name

    def matmul(self, name: str, hidden: str, weight: NDArray[np.float32]) -> str:
        """``hidden @ weight`` without bias, in the graph's precision; weight is (in, out)."""
        hidden = self._linear_input(name, hidden)
        if not self.int8:
            return self.node("MatMul", name, [hidden, self.tensor(f"{name}.weight", weight)])
        values, scale = _quantise(weight, axis=0, limit=self._limit)
        inputs = [hidden, self.tensor(f"{name}.weight", values), self.tensor(f"{name}.scale", scale.ravel())]
        return self.node("DynamicQuantizeMatMul", name, inputs, fused=True)

    def attention(
        self, name: str, hidden: str, weight: NDArray[np.float32], bias: NDArray[np.float32], *, heads: int
    ) -> str:
        """Self-attention over all tokens; weight is (in, 3 x hidden): query, key, value side by side."""
        hidden = self._linear_input(f"{name}.self", hidden)
        offset = self.tensor(f"{name}.bias", bias)
        if not self.int8:
            inputs = [hidden, self.tensor(f"{name}.weight", weight), offset]
            return self.node("Attention", name, inputs, fused=True, num_heads=heads)
        values, scale = _quantise(weight, axis=0, limit=self._limit)
        small = self.node("DynamicQuantizeLinear", f"{name}.input", [hidden], outputs=3)
        inputs = [
            small, self.tensor(f"{name}.weight", values), offset,
            f"{small}.1", self.tensor(f"{name}.scale", scale.ravel()),
            "", f"{small}.2", self.tensor(f"{name}.zero", np.zeros(scale.size, dtype=np.int8)),
        ]  # fmt: skip
        return self.node("QAttention", name, inputs, fused=True, num_heads=heads)

    def serialise(self, output: tuple[str, list[str | int]]) -> bytes:
        from onnx import TensorProto, helper

        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in self._inputs]
        outputs = [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])]
        graph = helper.make_graph(self._nodes, "bert", inputs, outputs, self._tensors)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="quoth", ir_version=8)
        return bytes(model.SerializeToString())


def _embeddings(graph: _Graph, config: BertConfig, *, typed: bool) -> str:
    ids = graph.input("input_ids")
    table = graph.weight(_WORDS)
    if graph.int8:
        values, scale = _quantise(table, axis=1, limit=_ROW_RANGE)
        small = graph.node("Gather", "word.int8", [graph.tensor("words", values), ids])
        large = graph.node("Cast", "word.float", [small], to=1)
        words = graph.node(
            "Mul", "word", [large, graph.node("Gather", "word.scale", [graph.tensor("words.scale", scale), ids])]
        )
    else:
        words = graph.node("Gather", "word", [graph.tensor("words", table), ids])

    positions, types = (
        graph.weight("embeddings.position_embeddings.weight"),
        graph.weight("embeddings.token_type_embeddings.weight"),
    )
    if not typed:
        positions = positions + types[0]
    zero, one = graph.tensor("zero", np.array([0])), graph.tensor("one", np.array([1]))
    length = graph.node(
        "Slice", "length", [graph.node("Shape", "shape", [ids]), one, graph.tensor("two", np.array([2]))]
    )
    place = graph.node("Slice", "position", [graph.tensor("positions", positions), zero, length, zero])
    total = graph.node("Add", "word+position", [words, place])
    if typed:
        kind = graph.node("Gather", "type", [graph.tensor("types", types), graph.input("token_type_ids")])
        total = graph.node("Add", "word+position+type", [total, kind])
    norm = [
        graph.tensor(f"embeddings.norm.{part}", graph.weight(f"embeddings.LayerNorm.{part}"))
        for part in ("weight", "bias")
    ]
    return graph.node("LayerNormalization", "embeddings", [total, *norm], axis=-1, epsilon=config.epsilon)


def _layer(graph: _Graph, name: str, hidden: str, config: BertConfig) -> str:
    parts = [f"{name}attention.self.{part}" for part in _PROJECTIONS]
    weight = np.concatenate([graph.weight(f"{part}.weight").T for part in parts], axis=1)
    bias = np.concatenate([graph.weight(f"{part}.bias") for part in parts])
    seen = graph.attention(f"{name}attention", hidden, weight, bias, heads=config.heads)
    hidden = _add_and_norm(graph, f"{name}attention.output.", seen, hidden, config)

    inner = f"{name}intermediate.dense"
    wide = graph.matmul(inner, hidden, graph.weight(f"{inner}.weight").T)
    wide = graph.node(
        "BiasGelu", f"{name}gelu", [wide, graph.tensor(f"{inner}.bias", graph.weight(f"{inner}.bias"))], fused=True
    )
    return _add_and_norm(graph, f"{name}output.", wide, hidden, config)


def _add_and_norm(graph: _Graph, name: str, value: str, skip: str, config: BertConfig) -> str:
    projected = graph.matmul(f"{name}dense", value, graph.weight(f"{name}dense.weight").T)
    parts = ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
    tensors = [graph.tensor(f"{name}{part}", graph.weight(f"{name}{part}")) for part in parts]
    return graph.node(
        "SkipLayerNormalization", f"{name}sum", [projected, skip, *tensors], fused=True, epsilon=config.epsilon
    )


def _answer_logits(graph: _Graph, hidden: str) -> tuple[str, list[str | int]]:
    weight = graph.tensor("answer.weight", graph.weight("qa_outputs.weight").T)
    bias = graph.tensor("answer.bias", graph.weight("qa_outputs.bias"))
    logits = graph.node("Add", "logits", [graph.node("MatMul", "answer", [hidden, weight]), bias])
    return logits, ["batch", "tokens", 2]


def _sentence_vector(graph: _Graph, hidden: str) -> tuple[str, list[str | int]]:
    mean = graph.node("ReduceMean", "mean", [hidden], axes=[1], keepdims=0)
    width = graph.weight("embeddings.LayerNorm.bias").size
    return graph.node("LpNormalization", "vector", [mean], axis=-1, p=2), ["batch", width]


def _input_peaks(graph: _Graph, _: str) -> tuple[str, list[str | int]]:
    peaks = [
        graph.node(
            "ReduceMax", f"{number}.peaks", [graph.node("Abs", f"{number}.abs", [hidden])], axes=[0, 1], keepdims=0
        )
        for number, hidden in enumerate(graph.linear_inputs)
    ]
    return graph.node("Concat", "peaks", peaks, axis=0), ["channels"]


_HEADS: Final[Mapping[Head, Callable[[_Graph, str], tuple[str, list[str | int]]]]] = {
    "answer_logits": _answer_logits,
    "sentence_vector": _sentence_vector,
    "input_peaks": _input_peaks,
}


def _quantise(weight: NDArray[np.float32], *, axis: int, limit: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Values in [-limit, limit] and the scale of each column (axis 0) or row (axis 1), kept as that axis has it."""
    scale = np.abs(weight).max(axis=axis, keepdims=True) / np.float32(limit)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale
