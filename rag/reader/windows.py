"""How a question and a passage become the sequences that a model reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.errors import ModelError

QUESTION_TOKENS: Final = 64
OVERLAP: Final = 128


def clip(question: Sequence[int], *, limit: int = QUESTION_TOKENS) -> list[int]:
    """A question's tokens; of one that is too long its first and last halves.

    What is asked stands in the first or the last sentence; the middle of a long question is background.
    """
    if len(question) <= limit:
        return list(question)
    half = limit // 2
    return [*question[: limit - half], *question[len(question) - half :]]


def windows(count: int, *, size: int, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Token ranges of ``size`` that cover 0 to ``count``, evenly spread, neighbours sharing ``overlap`` or more.

    The overlap is at most half the size. Fewer tokens make one shorter window, no tokens none.
    """
    if count <= size:
        return [(0, count)] if count else []
    step = size - min(overlap, size // 2)
    needed = -(-(count - size) // step) + 1
    starts = np.linspace(0, count - size, needed).astype(int).tolist()
    return [(start, start + size) for start in starts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a model is fed: token ids and kinds, int64 (1, tokens), and where things stand in them."""

    ids: NDArray[np.int64]
    kinds: NDArray[np.int64]
    passage_at: int
    no_answer_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The special tokens that a model expects around a question and a passage, and the kind (segment) of each part.

    ``no_answer`` is the special token whose logits speak for "not in this passage".
    """

    opening: tuple[int, ...]
    middle: tuple[int, ...]
    closing: tuple[int, ...]
    kinds: tuple[int, ...]
    no_answer: int

    @classmethod
    def of(cls, tokenizer: Tokenizer, *, no_answer: int | None) -> "Pair":
        """The frame, read off an encoded pair.

        Raises:
            ModelError: the frame does not hold the no-answer token, or the tokenizer cannot encode a pair.
        """
        encoding = tokenizer.encode("a", "b")
        ids, kinds, parts = encoding.ids, encoding.type_ids, encoding.sequence_ids
        if 0 not in parts or 1 not in parts:
            raise ModelError("the tokenizer cannot encode a pair of texts", hint="is it the tokenizer of this model?")
        bounds = [
            0,
            parts.index(0),
            len(parts) - parts[::-1].index(0),
            parts.index(1),
            len(parts) - parts[::-1].index(1),
            len(parts),
        ]
        opening, _, middle, _, closing = (tuple(ids[start:end]) for start, end in pairwise(bounds))
        if no_answer is None or no_answer not in opening + closing:
            raise ModelError(
                "the tokenizer has no token that stands for no answer", hint="only models with a CLS token"
            )
        part_kinds = tuple(kinds[start] if start < end else 0 for start, end in pairwise(bounds))
        return cls(opening=opening, middle=middle, closing=closing, kinds=part_kinds, no_answer=no_answer)

    @property
    def added(self) -> int:
        """How many special tokens there are."""
        return len(self.opening) + len(self.middle) + len(self.closing)

    def join(self, question: Sequence[int], passage: Sequence[int]) -> Input:
        """One sequence of both."""
        parts = (self.opening, question, self.middle, passage, self.closing)
        ids = [token for part in parts for token in part]
        ends = len(ids) - len(self.closing)
        in_front = self.no_answer in self.opening
        return Input(
            ids=np.array([ids], dtype=np.int64),
            kinds=np.repeat(np.array(self.kinds, dtype=np.int64), [len(part) for part in parts])[None],
            passage_at=ends - len(passage),
            no_answer_at=self.opening.index(self.no_answer) if in_front else ends + self.closing.index(self.no_answer),
        )
