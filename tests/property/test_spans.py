"""Whatever the logits, spans are clean slices of their passage; windows leave no token out."""

import unicodedata
from itertools import pairwise

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.reader.spans import Window, decode
from rag.reader.windows import QUESTION_TOKENS, clip, windows
from rag.text import words

TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab C1.,−+#@−+#@'\"()-–’“”«» \n\u0301\u200d🎉👨🏽שлé$%_"),
        st.characters(codec="utf-8", exclude_characters="\x00"),
    ),
    min_size=1,
    max_size=60,
)


@st.composite
def readings(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]], list[Window]]:
    """A text, a cutting of it into tokens (some of it may lie outside of all) and logits for its windows."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2 if len(text) > 1 else 0)) | {0, len(text)})
    tokens = [(start, end) for start, end in pairwise(cuts) if draw(st.integers(0, 9), label="kept") > 0]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(2, 20))
    made = [
        Window(
            first=first,
            start=rng.normal(size=last - first).astype(np.float32),
            end=rng.normal(size=last - first).astype(np.float32),
            no_answer=float(rng.normal()),
        )
        for first, last in windows(len(tokens), size=size, overlap=size // 2)
    ]
    return text, tokens, made


def inside_word(text: str, place: int) -> bool:
    """Whether a cut at the place would part letters or digits of one word, or a letter from its marks."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return (before.isalnum() and after.isalnum()) or unicodedata.category(after)[0] == "M"


@given(readings(), st.integers(1, 8), st.integers(1, 30))
@settings(deadline=None, max_examples=300)
def test_spans_are_clean_slices(
    reading: tuple[str, list[tuple[int, int]], list[Window]], limit: int, longest: int
) -> None:
    text, tokens, made = reading
    spans = decode(text, tokens, made, limit=limit, longest=longest)
    assert len(spans) <= limit
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    for span in spans:
        answer = text[span.start : span.end]
        assert answer == answer.strip() != ""
        assert not inside_word(text, span.start)
        assert not inside_word(text, span.end)
        assert any(mark == "_" or unicodedata.category(mark)[0] not in "PZC" for mark in answer)
    places = sorted((span.start, span.end) for span in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    assert decode(text, tokens, made, limit=limit, longest=longest) == spans


@given(readings())
@settings(deadline=None, max_examples=200)
def test_a_word_is_found_wherever_the_cuts_are(
    reading: tuple[str, list[tuple[int, int]], list[Window]],
) -> None:
    text, tokens, made = reading
    covered = any(start < last and end > first for start, end in words(text) for first, last in tokens if first < last)
    assert not covered or decode(text, tokens, made)


@given(st.integers(0, 3000), st.integers(2, 400), st.integers(0, 400))
@example(count=0, size=2, overlap=0)
@example(count=3000, size=2, overlap=400)
def test_every_token_is_in_some_window(count: int, size: int, overlap: int) -> None:
    found = windows(count, size=size, overlap=overlap)
    seen = np.zeros(count, dtype=bool)
    for first, last in found:
        assert 0 <= first < last <= count
        assert last - first == min(size, count)
        seen[first:last] = True
    assert seen.all()
    shared = min(overlap, size // 2)
    assert all(last - first >= shared for (_, last), (first, _) in pairwise(found))


@given(st.lists(st.integers(0, 9), max_size=200), st.integers(2, 80))
def test_a_question_keeps_its_ends(question: list[int], limit: int) -> None:
    kept = clip(question, limit=limit)
    assert len(kept) == min(len(question), limit)
    assert kept[: limit // 2] == question[: limit // 2]
    assert not question or kept[-1] == question[-1]
    assert clip(kept, limit=limit) == kept


def test_the_bound_on_questions_leaves_room_for_the_passage() -> None:
    assert QUESTION_TOKENS < 128
