"""Weights come back out of the graph that they were built into."""

import numpy as np
import pytest

from rag.errors import ModelError
from rag.inference.bert import Precision, Weights, build
from rag.inference.recover import recover
from rag.inference.smoothing import input_peaks, smooth
from tests.unit.inference.test_bert import config, random_weights, run
from tests.unit.inference.test_smoothing import KINDS, feeds

QUESTIONS = ([1, 2, 3, 4], [9, 7, 5, 3], [11, 2, 2, 6])


def logits(weights: Weights, precision: Precision = "fp32") -> list[np.ndarray]:
    graph = build(weights, config(), head="answer_logits", precision=precision)
    return [np.asarray(run(graph, ids, KINDS)) for ids in QUESTIONS]


def test_all_weights_come_back_out_of_fp32_as_they_were() -> None:
    weights = random_weights(prefix="bert.")
    found = recover(build(weights, config(), head="answer_logits", precision="fp32"), config())
    assert found.keys() == weights.keys()
    for name, values in weights.items():
        np.testing.assert_array_equal(found[name], values.astype(np.float32))


@pytest.mark.parametrize(("precision", "limit"), [("int8w8", 127), ("int8", 64)])
def test_int8_gives_them_within_half_a_step(precision: Precision, limit: int) -> None:
    weights = random_weights(prefix="bert.")
    found = recover(build(weights, config(), head="answer_logits", precision=precision), config())
    for name, values in weights.items():
        step = np.abs(values).max() / limit
        np.testing.assert_allclose(found[name], values, atol=0.5001 * step)


def test_smoothed_weights_are_the_same_function() -> None:
    weights = random_weights(prefix="bert.")
    smoothed = smooth(weights, config(), input_peaks(weights, config(), feeds()))
    exact = recover(build(smoothed, config(), head="answer_logits", precision="fp32"), config())
    np.testing.assert_allclose(logits(exact), logits(weights), atol=1e-4)
    for part in ("attention.self.query", "intermediate.dense", "output.dense"):
        name = f"bert.encoder.layer.1.{part}.weight"
        np.testing.assert_allclose(exact[name], weights[name], rtol=1e-5)
    graph = build(smoothed, config(), head="answer_logits", precision="int8w8")
    recovered = logits(recover(graph, config()))
    assert np.abs(np.subtract(recovered, logits(weights))).mean() < 0.1
    assert np.std(logits(weights)) > 0.5


def test_what_was_recovered_builds_the_same_graph_again() -> None:
    graph = build(random_weights(prefix="bert."), config(), head="answer_logits", precision="int8w8")
    again = build(recover(graph, config()), config(), head="answer_logits", precision="int8w8")
    for ids in QUESTIONS:
        np.testing.assert_allclose(run(again, ids, KINDS), run(graph, ids, KINDS), atol=1e-4)


def test_a_graph_with_another_head_is_refused() -> None:
    graph = build(random_weights(), config(), head="sentence_vector", precision="int8")
    with pytest.raises(ModelError, match="cannot be taken out"):
        recover(graph, config())
