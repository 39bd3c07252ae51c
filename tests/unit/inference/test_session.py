"""The session keeps order, shares its workers, and fails with our errors."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from rag.errors import ModelError
from rag.inference.session import Feed, Session, available_cores


def doubling() -> bytes:
    """A graph that gives each of its ids twice."""
    values = [
        helper.make_tensor_value_info(name, kind, [1, "tokens"])
        for name, kind in (("input_ids", TensorProto.INT64), ("twice", TensorProto.FLOAT))
    ]
    nodes = [
        helper.make_node("Add", ["input_ids", "input_ids"], ["sum"]),
        helper.make_node("Cast", ["sum"], ["twice"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(nodes, "doubling", [values[0]], [values[1]])
    opsets = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def feeds(count: int) -> list[Feed]:
    return [{"input_ids": np.arange(number * 7 % 11 + 1)[None] + number} for number in range(count)]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_results_come_in_the_order_of_the_feeds(threads: int) -> None:
    session = Session(doubling(), threads=threads)
    given = feeds(40)
    for feed, output in zip(given, session.run(given), strict=True):
        np.testing.assert_array_equal(output, feed["input_ids"] * 2)
    assert session.run([]) == []
    session.close()


def test_callers_share_the_workers() -> None:
    session = Session(doubling(), threads=2)

    def work(_: int) -> bool:
        given = feeds(15)
        return all(
            (output == feed["input_ids"] * 2).all() for feed, output in zip(given, session.run(given), strict=True)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(50)))
    session.close()


def test_a_closed_session_says_so_and_closing_twice_is_fine() -> None:
    session = Session(doubling())
    session.close()
    session.close()
    with pytest.raises(ModelError, match="closed"):
        session.run(feeds(1))


@pytest.mark.parametrize("model", [b"", b"not a graph", doubling()[:-20]])
def test_what_is_no_graph_is_refused(model: bytes) -> None:
    with pytest.raises(ModelError, match="cannot load"):
        Session(model)


def test_a_feed_that_does_not_fit_is_our_error(capfd: pytest.CaptureFixture[str]) -> None:
    session = Session(doubling())
    with pytest.raises(ModelError, match="the model failed"):
        session.run([{"other": np.zeros((1, 2), dtype=np.int64)}])
    with pytest.raises(ModelError, match="the model failed"):
        session.run([{"input_ids": np.zeros((2, 2, 2), dtype=np.int64)}])
    session.close()
    assert capfd.readouterr().err == ""


def test_there_is_a_core() -> None:
    assert available_cores() >= 1


def test_8_bit_weights_do_not_saturate_on_any_machine() -> None:
    weights = np.full((64, 4), 127, dtype=np.int8)
    tensors = [numpy_helper.from_array(weights, "weights")]
    values = [
        helper.make_tensor_value_info(name, kind, [1, size])
        for name, kind, size in (("input_ids", TensorProto.UINT8, 64), ("sums", TensorProto.INT32, 4))
    ]
    node = helper.make_node("MatMulInteger", ["input_ids", "weights"], ["sums"])
    graph = helper.make_graph([node], "sums", [values[0]], [values[1]], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = Session(model.SerializeToString(), exact=True)
    given: Any = np.full((1, 64), 255, dtype=np.uint8)
    np.testing.assert_array_equal(session.run([{"input_ids": given}])[0], [[64 * 127 * 255] * 4])
    session.close()
