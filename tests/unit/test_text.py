import pytest

from rag.text import LONGEST_SENTENCE, Seam, normalise, seam, sentences, strip, unstorable, words


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("cafe\u0301", "caf\u00e9"),
        ("\ufeff a\x00b\ud800 ", "ab"),
        ("a\n \n\t\n\n\nb", "a\n\nb"),
        ("a\n\nb", "a\n\nb"),
        (" \x00\n", ""),
        ("keep\u00a0this\u200dand \U0001f600", "keep\u00a0this\u200dand \U0001f600"),
    ],
)
def test_normalise(text: str, stored: str) -> None:
    assert normalise(text) == stored


def test_unstorable_counts_what_is_dropped() -> None:
    assert unstorable("\ufeffa\x00b\ud800\r\n\t") == 3


def spans(text: str, **options: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, **options)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ("Mr. Roake paid $3.5 million. He left.", ["Mr. Roake paid $3.5 million.", "He left."]),
        ("A line\nbreak is none.", ["A line\nbreak is none."]),
        ("A headline\n\nThe text.", ["A headline", "The text."]),
        ("他走了。她来了。", ["他走了。", "她来了。"]),
        ("\U0001f600 Yes. \U0001f600\U0001f600 No.", ["\U0001f600 Yes.", "\U0001f600\U0001f600 No."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert spans(text) == expected


def test_sentences_in_a_language_with_a_region() -> None:
    text = "Er kam am 3. Mai an. Sie blieb."
    assert spans(text, language="de-AT") == spans(text, language="de") == spans(text, language="DE_at")


def test_a_long_paragraph_is_split_as_short_ones_are() -> None:
    sentence = "The council met on Tuesday, and Mr. Roake spoke. "
    assert spans(sentence * 2_000) == [sentence.strip()] * 2_000


def test_a_sentence_without_end_is_cut_at_a_blank() -> None:
    found = spans("word " * 5_000)
    assert len(found) == 3
    assert all(len(sentence) <= LONGEST_SENTENCE and set(sentence.split()) == {"word"} for sentence in found)


@pytest.mark.parametrize("sign", ["\u201c", "\u00ab", "'\"(", "(", "\n", "a. \u201c"])
@pytest.mark.timeout(20)
def test_hostile_paragraphs_take_linear_time(sign: str) -> None:
    text = normalise("a" + sign * 100_000)
    assert sum(end - start for start, end in sentences(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("The U.S. paid $3.5m, didn't it?", ["The", "U.S", "paid", "3.5m", "didn't", "it"]),
        ("well-known naïve café", ["well-known", "naïve", "café"]),
        ("हिन्दी शब्द", ["हिन्दी", "शब्द"]),
        ("كَتَبَ الصحفي", ["كَتَبَ", "الصحفي"]),
        ("a\u0323\u0302b", ["a\u0323\u0302b"]),
        ("... \U0001f600 --", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == expected


def test_strip() -> None:
    assert strip(" a b ", 0, 5) == (1, 4)
    assert strip("a   b", 1, 4) == (4, 4)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("a b", 1, Seam.BLANK),
        ("a b", 2, Seam.BLANK),
        ("a,b", 1, Seam.WORD),
        ("ab", 1, Seam.LETTER),
        ("a\u0323b", 2, Seam.LETTER),
        ("a\u0323b", 1, Seam.CHARACTER),
        ("\U0001f468\u200d\U0001f469", 1, Seam.CHARACTER),
        ("\U0001f468\u200d\U0001f469", 2, Seam.CHARACTER),
        ("\U0001f44d\U0001f3fd", 1, Seam.CHARACTER),
        ("\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea", 1, Seam.CHARACTER),
        ("\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea", 2, Seam.WORD),
        ("\U0001f600\U0001f600", 1, Seam.WORD),
    ],
)
def test_seam(text: str, at: int, expected: Seam) -> None:
    assert seam(text, at) is expected
