"""Texts as token ids, kept once and cut into windows when a sequence is put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.inference.tokens import open_tokenizer
from rag.reader.windows import Pair

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text in tokens: ids, and the half-open character span [starts, ends) of each; all of one length."""

    ids: Ints
    starts: Ints
    ends: Ints

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The character span of each token."""
        return list(zip(self.starts.tolist(), self.ends.tolist(), strict=True))

    def tokens_of(self, start: int, end: int) -> tuple[int, int] | None:
        """The half-open token span that covers the characters [start, end), or None if no token touches them."""
        first = int(np.searchsorted(self.ends, start, side="right"))
        last = int(np.searchsorted(self.starts, end, side="left"))
        return (first, last) if first < last else None


def pair_of(tokenizer: Any) -> Pair:
    """The special tokens that a fast tokenizer puts around a question and a passage.

    Raises:
        ModelError: it has no CLS token, or cannot encode a pair.
    """
    return Pair.of(open_tokenizer(tokenizer.backend_tokenizer.to_str().encode()), no_answer=tokenizer.cls_token_id)


def encode(tokenizer: Any, texts: Sequence[str], *, at_once: int = 2000) -> list[Encoded]:
    """Each text in tokens as the readers have them: whole, no special tokens, not even where it spells one.

    About 20 s for 35,000 passages.
    """
    done: list[Encoded] = []
    for first in range(0, len(texts), at_once):
        some = list(texts[first : first + at_once])
        made = tokenizer(
            some, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True, verbose=False
        )
        for ids, spans in zip(made["input_ids"], made["offset_mapping"], strict=True):
            bounds = np.asarray(spans, dtype=np.int32).reshape(-1, 2)
            done.append(Encoded(np.asarray(ids, dtype=np.int32), bounds[:, 0].copy(), bounds[:, 1].copy()))
    return done
