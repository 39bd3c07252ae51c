"""The way from a question and passages to spans, for any model that gives start and end logits."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from tokenizers import Encoding, Tokenizer

from rag.errors import ModelError
from rag.reader.spans import Logits, Window, decode
from rag.reader.windows import QUESTION_TOKENS, Input, Pair, clip, windows
from rag.types import Hit, Span

WINDOW_TOKENS: Final = 384

Run: TypeAlias = Callable[[Sequence[Input]], Sequence[Logits]]
"""From inputs to logits, (tokens, 2) each: start and end; in order, none affected by its neighbours."""


def read(
    question: str, hits: Sequence[Hit], *, tokenizer: Tokenizer, pair: Pair, run: Run, size: int = WINDOW_TOKENS
) -> list[Span]:
    """Spans of the passages of all hits, best first, ties in the order of the hits and of the text.

    Each passage is tokenised once; sequences have at most ``size`` tokens.

    Raises:
        ModelError: the model gives something that is no number.
    """
    if not hits:
        return []
    texts = [hit.passage.text for hit in hits]
    encodings, places = sequences(question, texts, tokenizer=tokenizer, pair=pair, size=size)
    seen: list[list[Window]] = [[] for _ in hits]
    for (number, first, fed), logits in zip(places, run([fed for _, _, fed in places]), strict=True):
        if not np.isfinite(logits).all():
            raise ModelError(
                "the reader's logits are not numbers", hint="the weights are damaged or overflow in this precision"
            )
        inside = logits[fed.passage_at : logits.shape[0] - len(pair.closing)]
        seen[number].append(
            Window(first=first, start=inside[:, 0], end=inside[:, 1], no_answer=float(logits[fed.no_answer_at].sum()))
        )

    ranked = [
        (-found.score, number, found.start, Span(hit=hit, start=found.start, end=found.end, score=found.score))
        for number, (hit, encoding) in enumerate(zip(hits, encodings, strict=True))
        for found in decode(hit.passage.text, encoding.offsets, seen[number])
    ]
    return [span for *_, span in sorted(ranked, key=lambda item: item[:3])]


def sequences(
    question: str, texts: Sequence[str], *, tokenizer: Tokenizer, pair: Pair, size: int
) -> tuple[list[Encoding], list[tuple[int, int, Input]]]:
    """The texts' encodings, and what a model is fed: number of the text, its first token, the input."""
    asked = clip(tokenizer.encode(question, add_special_tokens=False).ids, limit=min(QUESTION_TOKENS, size // 3))
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    places = [
        (number, first, pair.join(asked, encoding.ids[first:last]))
        for number, encoding in enumerate(encodings)
        for first, last in windows(len(encoding.ids), size=size - len(asked) - pair.added)
    ]
    return encodings, places
