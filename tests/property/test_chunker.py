"""Passages of any text are exact, complete, in order and within the limit."""

import re
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.chunker import SentenceChunker, TokenSpans
from rag.text import Seam, normalise, seam
from rag.types import Article

PIECES = st.sampled_from(
    [
        "The bridge is shut. ",
        "Mr. Roake said so! ",
        "word ",
        "e\u0323\u0302",
        "\u0915\u094d\u0937\u093f",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f1eb\U0001f1f7",
        "\U0001f44d\U0001f3fd",
        "\u05e9\u05dc\u05d5\u05dd. ",
        "\u0643\u064e\u062a\u064e\u0628\u064e \u061f ",
        "部长说了。",
        "\r\n",
        "\n\n",
        "\u2029",
        "x" * 90,
        " " * 70,
        "\u201cQuote. Unclosed ",
        "...",
        "\u00a0",
        "\u200b",
    ]
)
TEXTS = st.one_of(
    st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=60).map("".join),
    st.text(max_size=400),
).filter(lambda text: bool(normalise(text)))


def blanks(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def characters(text: str) -> list[tuple[int, int]]:
    return [(at, at + 1) for at in range(len(text)) if not text[at].isspace()]


def latin_only(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"[a-z]{1,3}|[.,]", text, re.IGNORECASE)]


COUNTERS = st.sampled_from([blanks, characters, latin_only])


@settings(max_examples=150, deadline=None)
@given(
    text=TEXTS,
    title=st.text(max_size=200),
    token_spans=COUNTERS,
    max_tokens=st.integers(1, 60),
    overlap=st.integers(0, 60),
)
@example(text="...The bridge is shut. ", title="", token_spans=blanks, max_tokens=1, overlap=0)
def test_passages(text: str, title: str, token_spans: TokenSpans, max_tokens: int, overlap: int) -> None:
    article = Article(id="a", title=normalise(title), text=normalise(text))
    passages = SentenceChunker(token_spans, max_tokens=max_tokens, overlap=overlap).chunk(article)
    covered = 0
    for passage in passages:
        assert passage.text == article.text[passage.start : passage.end] == passage.text.strip()
        assert not article.text[covered : passage.start].strip()
        assert len(token_spans(passage.text)) <= max_tokens
        assert passage.end > covered
        covered = passage.end
    assert not article.text[covered:].strip()
    for before, after in pairwise(passages):
        assert before.start < after.start


@given(pieces=st.lists(PIECES, min_size=1, max_size=60), max_tokens=st.integers(24, 60))
@settings(max_examples=100, deadline=None)
def test_what_readers_see_as_one_sign_is_not_parted(pieces: list[str], max_tokens: int) -> None:
    article = Article(id="a", title="", text=normalise("x" + "".join(pieces)))
    for passage in SentenceChunker(characters, max_tokens=max_tokens, overlap=4).chunk(article):
        if passage.start > 0:
            assert seam(article.text, passage.start) is not Seam.CHARACTER
        if passage.end < len(article.text):
            assert seam(article.text, passage.end) is not Seam.CHARACTER


@given(words=st.lists(st.text("abcdefgh", min_size=1, max_size=10), min_size=1, max_size=200))
@settings(deadline=None)
def test_words_are_not_parted_while_they_are_short(words: list[str]) -> None:
    article = Article(id="a", title="", text=" ".join(words))
    for passage in SentenceChunker(characters, max_tokens=40, overlap=8).chunk(article):
        assert set(passage.text.split()) <= set(words)
