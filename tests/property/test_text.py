"""Offsets and normal forms hold for any text."""

import sqlite3
import unicodedata
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text import LONGEST_SENTENCE, normalise, seam, sentences, strip, unstorable, words

SIGNS = st.one_of(
    st.characters(),
    st.sampled_from(list("\x00\r\n\x0b\x0c\x85\u2028\u2029\ufeff\u200d\u0301\ud800 \t.!?\"'\u201c\u201d()")),
)
TEXTS = st.text(SIGNS, max_size=300)


@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unstorable(once) == 0
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip()


@settings(deadline=None)
@given(TEXTS)
def test_what_is_normalised_survives_a_database(text: str) -> None:
    with sqlite3.connect(":memory:") as database:
        assert database.execute("SELECT ?", (normalise(text),)).fetchone() == (normalise(text),)
    database.close()


@given(TEXTS, st.sampled_from(["en", "de", "ar", "zh", "xx", "", "pt_BR"]))
def test_sentences_cover_every_sign_once(text: str, language: str) -> None:
    text = normalise(text)
    spans = sentences(text, language=language)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    for start, end in spans:
        assert start < end
        assert text[start:end] == text[start:end].strip()
    for (_, end), (start, _) in pairwise([(0, 0), *spans, (len(text), len(text))]):
        assert not text[end:start].strip()


@settings(deadline=None, max_examples=10)
@given(st.text(SIGNS, min_size=1, max_size=30), st.integers(100, 1_500))
def test_no_sentence_is_longer_than_the_bound(text: str, times: int) -> None:
    text = normalise(text * times)
    assert all(end - start <= LONGEST_SENTENCE for start, end in sentences(text))


@given(TEXTS)
def test_words_are_in_order_and_hold_every_letter_and_digit(text: str) -> None:
    text = normalise(text)
    spans = words(text)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    inside = {at for start, end in spans for at in range(start, end)}
    assert all(at in inside for at, sign in enumerate(text) if sign.isalnum())


@given(TEXTS, st.data())
def test_stripping_takes_blanks_only(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert text[slice(*strip(text, start, end))] == text[start:end].strip()


@given(st.text(SIGNS, min_size=2), st.data())
def test_a_blank_is_the_best_seam(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(text) - 1))
    assert (seam(text, at) == 3) == (text[at - 1].isspace() or text[at].isspace())
