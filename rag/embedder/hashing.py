"""An embedder without a model: hashed words. Deterministic on every machine; good for tests and dry runs."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from rag.protocols import Embedder, Vectors
from rag.text import words

_NUMBERS_A_WORD: Final = 4


class HashingEmbedder(Embedder):
    """Texts that share words get like vectors: each word adds to a few places that its hash chooses.

    A text without words gets the first unit vector. Tokens are words (as `rag.text.words` has them).
    """

    def __init__(self, *, dim: int = 256, max_tokens: int = 254) -> None:
        self._dim = dim
        self._max_tokens = max_tokens

    @property
    def fingerprint(self) -> str:
        """Names the method and its sizes."""
        return f"hashing/{self._dim}/{self._max_tokens}"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def max_tokens(self) -> int:
        """Words of one text that are looked at."""
        return self._max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every word."""
        return words(text)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, in order."""
        return (
            np.stack([self.embed_question(text) for text in texts]) if texts else np.empty((0, self._dim), np.float32)
        )

    def embed_question(self, text: str) -> Vectors:
        """A unit vector; that of a passage with the same words."""
        vector = np.zeros(self._dim, dtype=np.float32)
        for start, end in words(text)[: self._max_tokens]:
            digest = hashlib.blake2b(text[start:end].casefold().encode(), digest_size=5 * _NUMBERS_A_WORD).digest()
            for at in range(0, len(digest), 5):
                place = int.from_bytes(digest[at : at + 4], "big") % self._dim
                vector[place] += 1 if digest[at + 4] & 1 else -1
        length = np.linalg.norm(vector)
        if length == 0:
            vector[0] = length = np.float32(1)
        return vector / length
