"""What the shipped readers would answer if they had a network in training for their model."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch

from rag.reader.neural import WINDOW_TOKENS
from rag.reader.spans import Logits, Scored, Window, decode
from rag.reader.windows import QUESTION_TOKENS, Input, clip, windows
from rag.training.encode import encode, pair_of
from rag.training.network import Reader

BATCH_TOKENS: Final = 6144


def read_all(network: Reader, tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> list[Scored | None]:
    """The best span of each (question, passage) pair in characters of the passage; None where there is none.

    Windows and decoding are those of `rag.reader`. Runs sorted by length, about 6,000 tokens at a time; the
    result does not depend on that beyond rounding.
    """
    size = min(WINDOW_TOKENS, network.model.config.max_position_embeddings)
    pair = pair_of(tokenizer)
    texts = list(dict.fromkeys(text for both in pairs for text in both))
    encoded = dict(zip(texts, encode(tokenizer, texts), strict=True))
    places: list[tuple[int, int, Input]] = []
    for number, (question, passage) in enumerate(pairs):
        asked = clip(encoded[question].ids.tolist(), limit=min(QUESTION_TOKENS, size // 3))
        ids = encoded[passage].ids.tolist()
        for first, last in windows(len(ids), size=size - len(asked) - pair.added):
            places.append((number, first, pair.join(asked, ids[first:last])))

    seen: list[list[Window]] = [[] for _ in pairs]
    results = _logits(network, [fed for _, _, fed in places], pad=tokenizer.pad_token_id)
    for (number, first, fed), logits in zip(places, results, strict=True):
        inside = logits[fed.passage_at : len(logits) - len(pair.closing)]
        no_answer = float(logits[fed.no_answer_at].sum())
        seen[number].append(Window(first=first, start=inside[:, 0], end=inside[:, 1], no_answer=no_answer))
    found = (
        decode(passage, encoded[passage].spans, read, limit=1) for (_, passage), read in zip(pairs, seen, strict=True)
    )
    return [best[0] if best else None for best in found]


def _logits(network: Reader, inputs: Sequence[Input], *, pad: int) -> list[Logits]:
    """Start and end logits of each input, (tokens, 2), without those of padding."""
    device = next(network.parameters()).device
    lengths = [fed.ids.shape[1] for fed in inputs]
    found: list[Logits] = [np.empty((0, 2), dtype=np.float32)] * len(inputs)
    order = sorted(range(len(inputs)), key=lengths.__getitem__, reverse=True)
    while order:
        longest = lengths[order[0]]
        rows = max(1, BATCH_TOKENS // longest)
        some, order = order[:rows], order[rows:]
        ids = np.full((len(some), longest), pad, dtype=np.int64)
        kinds = np.zeros_like(ids)
        for row, number in enumerate(some):
            ids[row, : lengths[number]] = inputs[number].ids[0]
            kinds[row, : lengths[number]] = inputs[number].kinds[0]
        attended = np.arange(longest) < np.array([[lengths[number]] for number in some])
        with torch.no_grad():
            out = network(*(torch.from_numpy(array).to(device) for array in (ids, kinds, attended))).cpu().numpy()
        for row, number in enumerate(some):
            found[number] = out[row, : lengths[number]]
    return found
