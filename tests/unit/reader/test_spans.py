"""Decoding by hand: where spans begin and end, and which are left."""

import numpy as np
import pytest

from rag.reader.spans import Scored, Window, decode


def spans(text: str, tokens: list[str], start: dict[int, float], end: dict[int, float], **options: int) -> list[Scored]:
    """Decodes one window; ``tokens`` are found in the text one after the other; other logits are -9."""
    places, at = [], 0
    for token in tokens:
        at = text.index(token, at)
        places.append((at, at + len(token)))
        at += len(token)
    logits = [np.full(len(tokens), -9, dtype=np.float32) for _ in range(2)]
    for values, given in zip(logits, (start, end), strict=True):
        for position, value in given.items():
            values[position] = value
    window = Window(first=0, start=logits[0], end=logits[1], no_answer=1.0)
    return decode(text, places, [window], **options)


def quoted(text: str, found: list[Scored]) -> list[str]:
    return [text[span.start : span.end] for span in found]


def test_the_score_is_the_sum_less_no_answer() -> None:
    assert spans("Iran backs it", ["Iran", "backs", "it"], {0: 4}, {0: 3})[0] == (0, 4, 6.0)


@pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 2), (1, 2), (2, 3), (3, 3)])
def test_no_answer_is_cut_inside_a_word(start: int, end: int) -> None:
    text, tokens = "by Hezbollah, he", ["by", "Hez", "bol", "lah", ",", "he"]
    assert quoted(text, spans(text, tokens, {start: 9}, {end: 9}))[0] == "Hezbollah"


@pytest.mark.parametrize(
    ("text", "tokens", "place", "answer"),
    [
        ("cost 3.5 million", ["cost", "3", ".", "5", "million"], 1, "3.5"),
        ("at 10:30 sharp", ["at", "10", ":", "30", "sharp"], 3, "10:30"),
        ("they don't know", ["they", "don", "'", "t", "know"], 1, "don't"),
        ("an F-16 jet", ["an", "F", "-", "16", "jet"], 3, "F-16"),
        ("Iran-backed men", ["Iran", "-", "backed", "men"], 0, "Iran"),
        ("Ron Grainer's tune", ["Ron", "Grainer", "'", "s", "tune"], 1, "Grainer"),
        ("Ron Grainer\u2019s tune", ["Ron", "Grainer", "\u2019", "s", "tune"], 3, "Ron Grainer\u2019s"),
        ("a cafe\u0301 b", ["a", "caf", "e", "b"], 1, "cafe\u0301"),
        ("हिन्दी में", ["ह", "न", "में"], 1, "हिन्दी"),
        ("so 👩\u200d🚀 won", ["so", "👩", "🚀", "won"], 1, "👩\u200d🚀"),
        ("so 👍🏽 won", ["so", "👍", "🏽", "won"], 1, "👍🏽"),
    ],
)
def test_what_counts_as_one_word(text: str, tokens: list[str], place: int, answer: str) -> None:
    assert quoted(text, spans(text, tokens, {place: 9}, {place: 9}))[0] == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (", Iran .", "Iran"),
        ('"Iran', "Iran"),
        ('"Iran"', '"Iran"'),
        ("(Iran", "Iran"),
        ("Iran)", "Iran"),
        ("(Iran)", "(Iran)"),
        ("Iran (Persia)", "Iran (Persia)"),
        ("\u201ctens of thousands", "tens of thousands"),
        ("\u201ctens of thousands\u201d", "\u201ctens of thousands\u201d"),
        ("the workers\u2019", "the workers"),
        ("$5.20.", "$5.20"),
        ("-5 degrees", "-5 degrees"),
        ("- five", "five"),
        ("3.5 %,", "3.5 %"),
        ("the U.S.", "the U.S."),
        ("Acme Inc.", "Acme Inc."),
        ("the end.", "the end"),
        ("#metoo;", "#metoo"),
        ("\u200fשלום\u200e", "שלום"),
    ],
)
def test_stray_punctuation_goes(text: str, answer: str) -> None:
    assert quoted(text, spans(text, [text], {0: 9}, {0: 9}))[0] == answer


def test_punctuation_alone_is_no_answer() -> None:
    assert spans("?! ...", ["?", "!", "..."], {0: 9}, {2: 9}) == []


def test_no_tokens_no_spans() -> None:
    assert decode(" \n ", [], []) == []


def test_spans_do_not_overlap_and_are_limited() -> None:
    tokens = ["one", "two", "three", "four", "five", "six"]
    found = spans(" ".join(tokens), tokens, {0: 5, 1: 6, 4: 3}, {1: 5, 2: 6, 5: 2}, limit=2)
    assert quoted(" ".join(tokens), found) == ["two three", "five six"]


def test_a_span_has_so_many_tokens_at_most() -> None:
    tokens = ["one", "two", "three", "four", "five", "six"]
    found = spans(" ".join(tokens), tokens, {0: 9}, {5: 9, 2: 1}, longest=3, limit=1)
    assert quoted(" ".join(tokens), found) == ["one two three"]


def test_an_end_before_its_start_is_no_span() -> None:
    found = spans("one two three", ["one", "two", "three"], {2: 9}, {0: 9}, limit=1)
    assert found[0].score == pytest.approx(9 - 9 - 1)


def test_the_best_window_counts() -> None:
    tokens = [(0, 1), (2, 3), (4, 5)]

    def window(first: int, logits: list[float], no_answer: float) -> Window:
        values = np.array(logits, dtype=np.float32)
        return Window(first=first, start=values, end=values, no_answer=no_answer)

    windows = [window(0, [0, 1], 0.0), window(1, [3, 0], 5.0)]
    found = decode("a b c", tokens, windows, limit=1)
    assert found == [(2, 3, 2.0)]
    assert decode("a b c", tokens, windows[::-1], limit=1) == found


def test_a_lone_minus_is_no_answer() -> None:
    text = "at ( − 345 m )"
    found = spans(text, ["at", "(", "−", "345", "m", ")"], {2: 9}, {2: 9})
    assert all(answer.strip("− ") for answer in quoted(text, found))
