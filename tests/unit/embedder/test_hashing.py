"""Hashed words: the same on every machine."""

import hashlib

import numpy as np
import pytest

from rag.embedder.hashing import HashingEmbedder


def test_vectors_are_the_same_in_every_process() -> None:
    rows = HashingEmbedder(dim=32).embed_passages(["Iran backs Hezbollah", ""])
    whole = np.rint(rows * 1000).astype("<i4")
    assert hashlib.sha256(whole.tobytes()).hexdigest()[:16] == "d21c2ea4e3274590"


def test_shared_words_bring_texts_near() -> None:
    embedder = HashingEmbedder()
    asked = embedder.embed_question("Who backs HEZBOLLAH?")
    near, far = embedder.embed_passages(["Iran backs Hezbollah", "zinc prices fell"])
    assert asked @ near > 0.3 > asked @ far


def test_word_order_and_case_do_not_count() -> None:
    embedder = HashingEmbedder()
    np.testing.assert_allclose(embedder.embed_question("Iran backs it"), embedder.embed_question("BACKS it, iran!"))


@pytest.mark.parametrize("text", ["", " ", "?!", "\U0001f389"])
def test_no_words_give_the_first_axis(text: str) -> None:
    assert HashingEmbedder().embed_question(text).argmax() == 0


def test_fingerprint_tells_sizes_apart() -> None:
    assert HashingEmbedder(dim=8).fingerprint != HashingEmbedder(dim=16).fingerprint
