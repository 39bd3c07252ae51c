"""Batches of few, fixed shapes: compiled once each, and nearly full."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.reader.windows import Pair
from rag.training.chance import seeded
from rag.training.encode import Encoded, Ints
from rag.training.groups import Group

BUCKETS = (96, 128, 160, 192, 224, 288)


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one training step: B rows of L tokens.

    ids, kinds int64 [B, L]; attended bool [B, L]: not padding; passage bool [B, L]: tokens that may
    begin or end an answer; starts, ends bool [B, L]: tokens that do; group int64 [B]: rows of one
    question share a number, counted from 0, and rows that only fill the batch have -1.
    """

    ids: NDArray[np.int64]
    kinds: NDArray[np.int64]
    attended: NDArray[np.bool_]
    passage: NDArray[np.bool_]
    starts: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    group: NDArray[np.int64]


def plan(
    lengths: Sequence[Sequence[int]], *, tokens: int, buckets: Sequence[int] = BUCKETS, seed: int, epoch: int
) -> list[tuple[int, tuple[int, ...]]]:
    """How the groups of an epoch fall into batches: (row length, numbers of the groups) of each, shuffled.

    `lengths` holds for each group the token counts of its rows; all rows of a group go into the bucket
    of its longest one. A batch has `tokens // row length` rows; the last one of a bucket may be part full.

    Raises:
        ValueError: a row is longer than the largest bucket.
    """
    rng = seeded(seed, "plan", epoch)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    open_: dict[int, tuple[list[int], int]] = {}
    done: list[tuple[int, tuple[int, ...]]] = []
    for number in order:
        rows = lengths[number]
        bucket = next((size for size in buckets if size >= max(rows)), None)
        if bucket is None:
            raise ValueError(f"a row of {max(rows)} tokens is longer than the largest bucket, {max(buckets)}")
        members, used = open_.get(bucket, ([], 0))
        if used + len(rows) > tokens // bucket:
            done.append((bucket, tuple(members)))
            members, used = [], 0
        open_[bucket] = ([*members, number], used + len(rows))
    done += [(bucket, tuple(members)) for bucket, (members, _) in sorted(open_.items())]
    rng.shuffle(done)
    return done


def assemble(
    groups: Sequence[Group],
    *,
    questions: Sequence[Ints],
    passages: Sequence[Encoded],
    pair: Pair,
    pad: int,
    length: int,
    rows: int,
) -> Batch:
    """The arrays of a batch of `rows` rows of `length` tokens; rows that no group fills hold padding."""
    shape = (rows, length)
    ids = np.full(shape, pad, dtype=np.int64)
    kinds = np.zeros(shape, dtype=np.int64)
    attended, passage, starts, ends = (np.zeros(shape, dtype=np.bool_) for _ in range(4))
    group = np.full(rows, -1, dtype=np.int64)
    row = 0
    for number, members in enumerate(groups):
        for item in members:
            start, end = item.window
            fed = pair.join(questions[item.question].tolist(), passages[item.passage].ids[start:end].tolist())
            used, first = fed.ids.shape[1], fed.passage_at
            ids[row, :used] = fed.ids[0]
            kinds[row, :used] = fed.kinds[0]
            attended[row, :used] = True
            passage[row, first : first + end - start] = True
            for begin, stop in item.gold:
                starts[row, first + begin] = True
                ends[row, first + stop - 1] = True
            group[row] = number
            row += 1
    attended[row:, 0] = True
    return Batch(ids, kinds, attended, passage, starts, ends, group)
