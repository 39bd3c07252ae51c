from collections.abc import Callable

import pytest

from rag.chunker import TITLE_CHARACTERS, SentenceChunker
from rag.text import words
from rag.types import Article, Passage


def article(text: str, title: str = "") -> Article:
    return Article(id="a", title=title, text=text)


def texts(text: str, *, max_tokens: int, overlap: int = 0, title: str = "") -> list[str]:
    chunker = SentenceChunker(words, max_tokens=max_tokens, overlap=overlap)
    return [passage.text for passage in chunker.chunk(article(text, title))]


def sentences(count: int, *, length: int = 5) -> str:
    return " ".join(f"Sentence {number}" + " word" * (length - 2) + "." for number in range(count))


def test_a_short_article_is_one_passage() -> None:
    assert texts("One. Two.\n\nThree.", max_tokens=192) == ["One. Two.\n\nThree."]


def test_windows_are_even_rather_than_full_with_a_small_rest() -> None:
    passages = texts(sentences(11), max_tokens=50)
    assert [len(words(passage)) for passage in passages] == [30, 25]


def test_neighbours_share_the_sentences_nearest_to_the_overlap() -> None:
    passages = texts(sentences(12), max_tokens=40, overlap=9)
    assert passages[0].endswith("Sentence 6 word word word.")
    assert passages[1].startswith("Sentence 5")


def test_a_long_last_sentence_is_not_shared() -> None:
    text = sentences(4) + " Long" + " word" * 30 + ". " + "Long" + " again" * 28 + "."
    first, second = texts(text, max_tokens=60, overlap=5)
    assert first.endswith("word.")
    assert second.startswith("Long again")


def test_overlap_is_a_quarter_at_most() -> None:
    assert SentenceChunker(words, max_tokens=40, overlap=500).fingerprint == "sentences-1/40/10"


def test_the_title_takes_room_but_no_more_than_a_quarter() -> None:
    text = sentences(8)
    assert len(texts(text, max_tokens=40)) == 1
    assert len(texts(text, max_tokens=40, title="A title")) == 2
    assert texts(text, max_tokens=40, title="t " * 60) == texts(text, max_tokens=40, title="t " * 11)


def test_the_article_is_tokenised_once() -> None:
    asked: list[str] = []

    def counting(text: str) -> list[tuple[int, int]]:
        asked.append(text)
        return words(text)

    text = sentences(100)
    SentenceChunker(counting, max_tokens=40).chunk(article(text, "Title"))
    assert asked.count(text) == 1
    assert len(asked) == 2


def test_pieces_of_a_long_sentence_are_alike_in_length_and_overlap() -> None:
    text = " ".join(f"w{number}" for number in range(110))
    passages = texts(text, max_tokens=50, overlap=8)
    assert [len(words(passage)) for passage in passages] == [41, 41, 40]
    assert passages[0].split()[-6:] == passages[1].split()[:6]


def test_words_after_a_long_sentence_start_their_own_passage() -> None:
    text = "First. " + "w " * 100 + "end. Last."
    passages = texts(text, max_tokens=50)
    assert passages[0] == "First."
    assert passages[-1] == "Last."


def test_a_long_word_is_cut_between_letters_only() -> None:
    sign = "e\u0323\u0302"
    passages = texts(sign * 400, max_tokens=20)
    assert len(passages) > 1
    assert all(passage.startswith("e") and passage.endswith("\u0302") for passage in passages)


def test_pieces_that_have_more_tokens_alone_are_made_shorter() -> None:
    text = ("a" * 10 + "b" * 10) * 60

    def token_spans(part: str) -> list[tuple[int, int]]:
        if len(part) == len(text):
            return [(at, at + 10) for at in range(0, len(part), 10)]
        return [(at, at + 1) for at in range(len(part)) for _ in range(1 + part.startswith("b"))]

    passages = SentenceChunker(token_spans, max_tokens=20, overlap=5).chunk(article(text))
    assert all(len(token_spans(passage.text)) <= 20 for passage in passages)
    assert "".join(passage.text for passage in passages) == text


def test_the_language_of_the_article_is_used() -> None:
    text = "Die Sitzung ist am 3. Mai in Bonn."
    german = Article(id="a", title="", text=text, language="de-DE")
    assert SentenceChunker(words).chunk(german)[0].text == text


@pytest.mark.parametrize(
    "make", [lambda: SentenceChunker(words, max_tokens=0), lambda: SentenceChunker(words, overlap=-1)]
)
def test_settings_that_make_no_sense(make: Callable[[], SentenceChunker]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        make()


class TestEmbeddedText:
    def embedded(self, title: str) -> str:
        passage = Passage(article_id="a", start=0, end=5, text="Words")
        return SentenceChunker(words).embedded_text(article("Words", title), passage)

    def test_title_above_passage(self) -> None:
        assert self.embedded("Bridge shut") == "Bridge shut\nWords"

    def test_no_title(self) -> None:
        assert self.embedded("") == "Words"

    def test_a_long_title_is_cut_between_words(self) -> None:
        title, text = self.embedded("word " * 60).split("\n")
        assert text == "Words"
        assert title == " ".join(["word"] * 24)

    def test_a_long_title_without_blanks_is_cut_anywhere(self) -> None:
        assert self.embedded("x" * 500) == "x" * TITLE_CHARACTERS + "\nWords"
