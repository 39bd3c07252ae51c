"""Runs an ONNX model on the CPU: one session, several workers, one sequence a call.

Small matrices gain nothing from being split over cores, so each call keeps to one thread and the calls run
side by side. One sequence a call needs no padding and makes every result independent of what else is in
the batch, to the last bit: dynamic int8 takes its activation scale from the whole call.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from rag.errors import ModelError

Feed: TypeAlias = dict[str, NDArray[np.int64]]
Output: TypeAlias = NDArray[np.float32]


class Session:
    """A loaded graph and its worker threads, of its own and shared by all callers; close it when done.

    Args:
        model: a serialised ONNX model with one output.
        threads: workers; 0 means as many as there are cores this process may use.
        exact: for weights of 8 bits: on x86 without VNNI, where the fast kernel saturates, a slower one is used
            whose sums are those of every other machine. ONNX Runtime asks the processor; others lose nothing.

    Raises:
        ModelError: the graph cannot be loaded.
    """

    def __init__(self, model: bytes, *, threads: int = 0, exact: bool = False) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # one plan for every length seen would be kept for good
        options.log_severity_level = 4  # failures are raised, not printed as well
        if exact:
            options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors share no base but Exception
            raise ModelError(f"ONNX Runtime cannot load the model: {error}", hint="export the model again") from error
        self._workers = ThreadPoolExecutor(threads or available_cores(), thread_name_prefix="inference")

    def run(self, feeds: Sequence[Feed]) -> list[Output]:
        """The output for each feed, in order; each feed is one sequence, (1, tokens), and so is its output.

        Longest first, so that no worker is left with a long one at the end.

        Raises:
            ModelError: the graph fails on a feed, or the session is closed.
        """
        order = sorted(range(len(feeds)), key=lambda position: -next(iter(feeds[position].values())).size)
        try:
            running = {position: self._workers.submit(self._run_one, feeds[position]) for position in order}
        except RuntimeError as error:
            raise ModelError("the model was closed", hint="load it again") from error
        return [running[position].result() for position in range(len(feeds))]

    def close(self) -> None:
        """Ends the workers after what they have begun."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _run_one(self, feed: Feed) -> Output:
        try:
            outputs: list[Any] = self._session.run(None, feed)
        except Exception as error:  # its errors share no base but Exception
            raise ModelError(f"the model failed: {error}") from error
        result: Output = outputs[0]
        return result


def available_cores() -> int:
    """Cores this process may use, at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
