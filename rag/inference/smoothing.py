"""Moves outliers of a linear layer's input into its weights before both are quantised (SmoothQuant, Xiao et al. 2023).

A few channels of an encoder's activations are tens of times larger than the rest; with one scale for all of
them the rest is rounded away. Each input channel is divided by a factor and the weights that it meets are
multiplied by it, which changes nothing in exact arithmetic. The factor is (largest activation)^strength /
(largest weight)^(1 - strength).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rag.inference import bert
from rag.inference.session import Feed, Session

STRENGTH: Final = 0.85
"""Of .75, .85 and .95 the one with the most best spans as in fp32, for the shipped reader (`eval/results/int8.md`)."""

Peaks = Mapping[str, NDArray[np.float32]]
"""Layer of `bert.linear_layers` -> the largest absolute value of each of its input channels."""

_LEAST: Final = np.float32(1e-5)


def input_peaks(weights: bert.Weights, config: bert.BertConfig, feeds: Sequence[Feed]) -> Peaks:
    """The largest absolute values over some sequences (one at least), from running the encoder in fp32."""
    session = Session(bert.build(weights, config, head="input_peaks", precision="fp32"))
    try:
        largest = np.max(session.run(feeds), axis=0)
    finally:
        session.close()
    at = bert.prefix(weights)
    layers = bert.linear_layers(config)
    widths = [weights[f"{at}{parts[0]}.weight"].shape[1] for parts in layers.values()]
    return dict(zip(layers, np.split(largest, np.cumsum(widths)[:-1]), strict=True))


def smooth(weights: bert.Weights, config: bert.BertConfig, peaks: Peaks, *, strength: float = STRENGTH) -> bert.Weights:
    """The weights of the same function, smoothed; in float32 where they differ.

    The input of an attention's output layer is a mean of values, so its factors go into the value projection.
    The other inputs are also added to what follows, or come out of a GELU: there the factors are weights of
    their own, which the graph multiplies by.
    """
    smoothed = dict(weights)
    at = bert.prefix(weights)
    for layer, parts in bert.linear_layers(config).items():
        names = [f"{at}{part}.weight" for part in parts]
        rows = np.max([np.abs(smoothed[name]).max(axis=0) for name in names], axis=0).astype(np.float32)
        factors = np.maximum(peaks[layer], _LEAST) ** strength / np.maximum(rows, _LEAST) ** (1 - strength)
        for name in names:
            smoothed[name] = smoothed[name].astype(np.float32) * factors
        if layer.endswith("attention.output.dense"):
            value = at + layer.replace("output.dense", "self.value")
            smoothed[f"{value}.weight"] = smoothed[f"{value}.weight"] / factors[:, None]
            smoothed[f"{value}.bias"] = smoothed[f"{value}.bias"] / factors
        else:
            smoothed[at + layer + bert.FACTORS] = 1 / factors
    return smoothed
