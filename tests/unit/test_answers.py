from hypothesis import given
from hypothesis import strategies as st

from rag.answers import cite, merge, same_answer_key
from rag.calibration import LogisticCalibrator
from rag.text import normalise
from rag.types import Answer, Article, Hit, Passage, Span

CURVE = LogisticCalibrator(name="test", bias=0.0, weights={"margin": 1.0, "agreement": 1.0})

FIRST = Article(id="a", title="One", text="The port is shut. Marit Solheim closed it on Tuesday. It will open in May.")
SECOND = Article(id="b", title="Two", text="On Tuesday the port was shut by order of Marit Solheim, the engineer.")
ARTICLES = {"a": FIRST, "b": SECOND}


def passage(article: Article, start: int = 0, end: int | None = None) -> Passage:
    end = len(article.text) if end is None else end
    return Passage(article_id=article.id, start=start, end=end, text=article.text[start:end])


def span(where: Passage, words: str, score: float) -> Span:
    start = where.text.index(words)
    hit = Hit(passage=where, score=0.0, article=ARTICLES[where.article_id], rank=1)
    return Span(hit=hit, start=start, end=start + len(words), score=score)


def merged(spans: list[Span], *, max_answers: int = 10) -> list[Answer]:
    return merge(spans, question="Who shut the port?", calibrator=CURVE, max_answers=max_answers)


def texts(spans: list[Span], *, max_answers: int = 10) -> list[str]:
    return [answer.text for answer in merged(spans, max_answers=max_answers)]


def test_the_same_place_in_two_overlapping_passages_counts_once() -> None:
    whole, part = passage(FIRST), passage(FIRST, 18)
    [answer] = merged([span(whole, "Marit Solheim", 3.0), span(part, "Marit Solheim", 5.0)])
    assert answer.score == 5.0
    assert len(answer.citations) == 1


def test_of_overlapping_spans_the_best_stays() -> None:
    whole = passage(FIRST)
    assert texts([span(whole, "Solheim closed", 1.0), span(whole, "Marit Solheim", 2.0)]) == ["Marit Solheim"]


def test_every_article_that_says_the_same_is_cited_best_first() -> None:
    [answer] = merged([span(passage(FIRST), "Marit Solheim", 2.0), span(passage(SECOND), "Marit Solheim", 4.0)])
    assert [citation.article.id for citation in answer.citations] == ["b", "a"]
    assert answer.probability > CURVE.probability({"margin": 4.0, "agreement": 0.0})


def test_a_place_where_the_reader_leans_to_no_answer_is_not_a_further_citation() -> None:
    [answer] = merged([span(passage(FIRST), "Marit Solheim", 2.0), span(passage(SECOND), "Marit Solheim", -1.0)])
    assert [citation.article.id for citation in answer.citations] == ["a"]


def test_the_list_is_cut_after_merging() -> None:
    spans = [
        span(passage(FIRST), "Marit Solheim", 5.0),
        span(passage(SECOND), "Marit Solheim", 4.0),
        span(passage(FIRST), "Tuesday", 3.0),
        span(passage(FIRST), "May", 2.0),
    ]
    assert texts(spans, max_answers=2) == ["Marit Solheim", "Tuesday"]


def test_equal_scores_are_ordered_by_article_and_place() -> None:
    spans = [
        span(passage(SECOND), "engineer", 1.0),
        span(passage(FIRST), "May", 1.0),
        span(passage(FIRST), "port", 1.0),
    ]
    assert texts(spans) == texts(spans[::-1]) == ["port", "May", "engineer"]


def test_no_spans_no_answers() -> None:
    assert texts([]) == []


def test_equal_answers_differ_only_in_case_marks_and_article() -> None:
    assert same_answer_key("The European  Union,") == same_answer_key("european union")
    assert same_answer_key("41 million") != same_answer_key("41")
    assert same_answer_key("£5") != same_answer_key("5")
    assert same_answer_key("—") == "—"
    assert same_answer_key("the") == "the"


def test_a_citation_carries_its_sentence_and_no_more() -> None:
    start = FIRST.text.index("Tuesday")
    citation = cite(FIRST, start, start + len("Tuesday"))
    assert citation.before == "Marit Solheim closed it on "
    assert citation.after == "."


def test_a_citation_over_two_sentences_carries_both() -> None:
    start, end = FIRST.text.index("Tuesday"), FIRST.text.index("will")
    citation = cite(FIRST, start, end)
    assert citation.before + citation.quote + citation.after == FIRST.text[18:]


def test_the_sentence_is_bounded_in_an_article_without_any() -> None:
    article = Article(id="w", title="", text="word " * 5_000 + "end")
    citation = cite(article, 10_000, 10_004)
    assert len(citation.before) + len(citation.after) < 2_000


@given(st.text(min_size=1, max_size=400), st.data())
def test_any_slice_of_any_text_can_be_cited(raw: str, data: st.DataObject) -> None:
    text = normalise(raw)
    if not text.strip():
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    citation = cite(Article(id="x", title="", text=text), start, end)
    assert citation.quote == text[start:end]
