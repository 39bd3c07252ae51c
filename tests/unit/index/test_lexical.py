from rag.index.lexical import MAX_TERMS, match_expression, telling, terms


def test_terms_are_distinct_words_in_order() -> None:
    assert terms("Who, WHO backs the U.S.-led snake_case e\u0301té?") == [
        "who", "backs", "the", "u", "s", "led", "snake", "case", "été",
    ]  # fmt: skip
    assert terms(' "\x00\ud800*^():- ') == []


def test_terms_are_bounded() -> None:
    assert len(terms(" ".join(f"w{n}" for n in range(10_000)))) == MAX_TERMS


def test_frequent_words_go_but_never_all() -> None:
    frequency = {"the": 900, "of": 800, "in": 700, "budget": 50, "comet": 1, "none": 0}.__getitem__
    assert telling(["the", "budget", "none", "comet"], frequency=frequency, passages=1000) == ["budget", "comet"]
    assert telling(["the", "of", "in"], frequency=frequency, passages=1000) == ["in", "of"]
    assert telling(["the", "none"], frequency=frequency, passages=1000) == ["the"]
    assert telling([], frequency=frequency, passages=1000) == []


def test_a_small_archive_keeps_its_words() -> None:
    assert telling(["the", "of", "none"], frequency={"the": 99, "of": 1, "none": 0}.__getitem__, passages=99) == [
        "the", "of",
    ]  # fmt: skip


def test_every_word_is_quoted() -> None:
    assert match_expression(["near", "or"]) == '"near" OR "or"'
