"""Smoothing changes nothing in exact arithmetic, and brings int8 nearer where a channel is far larger than the rest."""

import numpy as np
import pytest

from rag.inference.bert import FACTORS, Precision, Weights, build, linear_layers
from rag.inference.session import Feed
from rag.inference.smoothing import input_peaks, smooth
from tests.unit.inference.test_bert import config, random_weights, run

KINDS = [0, 0, 1, 1]


def feeds() -> list[Feed]:
    ids = np.random.default_rng(5).integers(0, 20, size=(6, 4))
    return [{"input_ids": row[None], "token_type_ids": np.array([KINDS])} for row in ids]


def with_outliers() -> Weights:
    """Layer norms whose third channel is 60 times as large, met by weights that are as much smaller."""
    weights = {name: values * 0.3 if values.ndim == 2 else values for name, values in random_weights().items()}
    for layer in range(2):
        at = f"bert.encoder.layer.{layer}."
        for part in ("weight", "bias"):
            weights[f"{at}attention.output.LayerNorm.{part}"][3] *= 60
        weights[f"{at}intermediate.dense.weight"][:, 3] /= 60
    return weights


def test_peaks_are_the_largest_over_all_sequences() -> None:
    weights = random_weights()
    together = input_peaks(weights, config(), feeds())
    apart = [input_peaks(weights, config(), [feed]) for feed in feeds()]
    assert list(together) == list(linear_layers(config()))
    for layer, peaks in together.items():
        np.testing.assert_array_equal(peaks, np.max([one[layer] for one in apart], axis=0))
    assert together["encoder.layer.0.attention.self"].shape == (8,)
    assert together["encoder.layer.1.output.dense"].shape == (12,)


@pytest.mark.parametrize("prefix", ["", "bert."])
@pytest.mark.parametrize("strength", [0.0, 0.5, 0.85, 1.0])
def test_the_function_stays_the_same(prefix: str, strength: float) -> None:
    weights = random_weights(prefix=prefix)
    smoothed = smooth(weights, config(), input_peaks(weights, config(), feeds()), strength=strength)
    assert sum(name.endswith(FACTORS) for name in smoothed) == 6
    before, after = (
        run(build(given, config(), head="answer_logits", precision="fp32"), [1, 2, 3, 4], KINDS)
        for given in (weights, smoothed)
    )
    np.testing.assert_allclose(before, after, atol=1e-4)


def test_half_precision_weights_are_smoothed_in_single() -> None:
    weights = {name: values.astype(np.float16) for name, values in random_weights().items()}
    smoothed = smooth(weights, config(), input_peaks(weights, config(), feeds()))
    assert smoothed["bert.encoder.layer.0.output.dense.weight"].dtype == np.float32


def test_int8_comes_nearer_to_fp32() -> None:
    weights = with_outliers()
    smoothed = smooth(weights, config(), input_peaks(weights, config(), feeds()))
    variants: list[tuple[Weights, Precision]] = [(weights, "fp32"), (weights, "int8w8"), (smoothed, "int8w8")]
    exact, plain, near = (
        [
            run(build(given, config(), head="answer_logits", precision=precision), ids, KINDS)
            for ids in ([1, 2, 3, 4], [9, 7, 5, 3])
        ]
        for given, precision in variants
    )
    assert np.abs(np.subtract(near, exact)).mean() < 0.5 * np.abs(np.subtract(plain, exact)).mean()
