"""Reading passages with a network in training: the best span of each, and its score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rag.training.batches import BUCKETS, assemble
from rag.training.encode import encode, template_of, windows
from rag.training.groups import Item
from rag.training.network import Reader

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Best:
    """The best span of a passage: half-open characters of it, and its score (above 0 leans to an answer)."""

    start: int
    end: int
    score: float


def best_span(starts: Floats, ends: Floats, *, longest: int) -> tuple[int, int, float]:
    """First and last token of the best span of at most `longest` tokens, and the sum of its two logits."""
    best = (0, 0, -np.inf)
    for more in range(min(longest, len(starts))):
        sums = starts[: len(starts) - more] + ends[more:]
        place = int(np.argmax(sums))
        if sums[place] > best[2]:
            best = (place, place + more, float(sums[place]))
    return best


def read_all(
    network: Reader,
    tokenizer: Any,
    pairs: Sequence[tuple[str, str]],
    *,
    window: int = 288,
    stride: int = 96,
    longest: int = 30,
    tokens: int = 6144,
) -> list[Best | None]:
    """The best span of each (question, passage) pair over all windows of the passage; None for an empty passage.

    The score is the sum of a span's two logits less the two no-answer logits of its window. `longest` is
    in tokens. Runs sorted by length, `tokens` at a time; the result does not depend on that beyond rounding.
    """
    template = template_of(tokenizer)
    asked = {text: number for number, text in enumerate(dict.fromkeys(question for question, _ in pairs))}
    held = {text: number for number, text in enumerate(dict.fromkeys(passage for _, passage in pairs))}
    questions, passages = encode(tokenizer, list(asked)), encode(tokenizer, list(held))
    rows: list[tuple[int, int, Item]] = []
    for number, (question, passage) in enumerate(pairs):
        taken = template.extra + len(questions[asked[question]].ids)
        room = max(32, window - taken)
        for cut in windows(len(passages[held[passage]].ids), room=room, stride=min(stride, room)):
            rows += [(taken + cut[1] - cut[0], number, Item(asked[question], held[passage], cut, ()))]
    rows = sorted((row for row in rows if row[2].window[1] > row[2].window[0]), key=lambda row: row[0])

    found: list[Best | None] = [None] * len(pairs)
    first = 0
    while first < len(rows):
        some = rows[first : first + max(1, tokens // _bucket(rows[first][0]))]
        batch = assemble(
            [(item,) for _, _, item in some],
            questions=[question.ids for question in questions],
            passages=passages,
            template=template,
            length=_bucket(some[-1][0]),
            rows=len(some),
        )
        logits = _logits(network, batch.ids, batch.kinds, batch.attended)
        for row, (_, number, item) in enumerate(some):
            inside = np.flatnonzero(batch.passage[row])
            relative = logits[row] - logits[row, 0]
            begin, last, score = best_span(relative[inside, 0], relative[inside, 1], longest=longest)
            former = found[number]
            if former is None or score > former.score:
                read, offset = passages[item.passage], item.window[0]
                found[number] = Best(int(read.starts[offset + begin]), int(read.ends[offset + last]), score)
        first += len(some)
    return found


def _bucket(length: int) -> int:
    return next((size for size in BUCKETS if size >= length), length)


def _logits(network: Reader, *arrays: NDArray[Any]) -> Floats:
    device = next(network.parameters()).device
    with torch.no_grad():
        logits: Floats = network(*(torch.from_numpy(array).to(device) for array in arrays)).cpu().numpy()
    return logits
