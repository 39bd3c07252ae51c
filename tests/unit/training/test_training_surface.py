import pytest

from rag.training.surface import cut_inside_word, detokenise


@pytest.mark.parametrize(
    ("tokenised", "joined"),
    [
        ("Super Bowl XV ( played in 1981 ) .", "Super Bowl XV (played in 1981)."),
        ("`` Hyperion Heights '' , he said", '"Hyperion Heights", he said'),
        (
            "Henry runs into Cinderella 's carriage and has n't left",
            "Henry runs into Cinderella's carriage and hasn't left",
        ),
        ("( 1986 -- 1987 )", "(1986 \N{EN DASH} 1987)"),
        ("Revenue $ 9.8 billion : up 16.1 %", "Revenue $9.8 billion: up 16.1%"),
        ("nothing to join", "nothing to join"),
        ("", ""),
    ],
)
def test_detokenise_joins_what_a_tokeniser_split(tokenised: str, joined: str) -> None:
    assert detokenise(tokenised).text == joined


def test_hyphens_are_joined_only_where_asked() -> None:
    assert detokenise("an 18 - year - old").text == "an 18 - year - old"
    assert detokenise("an 18 - year - old", hyphens=True).text == "an 18-year-old"


def test_offsets_follow_every_word_through_detokenising() -> None:
    text = "In 1976 , `` Straight '' ( born 1916 ) sold Baker 's house -- for $ 125,000 -- to Ms. Fox ."
    rewritten = detokenise(text)
    assert len(rewritten.moved) == len(text) + 1
    assert list(rewritten.moved) == sorted(rewritten.moved)
    for word in ("1976", "Straight", "born 1916", "Baker", "house", "125,000", "Ms. Fox"):
        start = text.index(word)
        first, last = rewritten.span(start, start + len(word))
        assert rewritten.text[first:last] == word


def test_a_span_over_a_join_is_carried_over_whole() -> None:
    text = "on July 20 , 1969 , at 20 : 18 UTC ."
    rewritten = detokenise(text)
    start = text.index("July")
    first, last = rewritten.span(start, text.index(" , at"))
    assert rewritten.text[first:last] == "July 20, 1969"


def test_cut_inside_word() -> None:
    text = "kids' property, 2015"
    assert cut_inside_word(text, 1, 4)
    assert cut_inside_word(text, 16, 18)
    assert not cut_inside_word(text, 0, 4)
    assert not cut_inside_word(text, 6, len(text))
    assert not cut_inside_word("", 0, 0)
