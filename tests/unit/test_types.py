import hashlib
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from rag.types import (
    MAX_ID_LENGTH,
    Abstention,
    Answer,
    Article,
    Calibration,
    Citation,
    Passage,
    Query,
    Result,
    Span,
    Where,
)
from tests.records import hit

ARTICLE = Article(
    id="a", title="Bridge", text="The bridge is shut. It opens in May.", source="Courier", tags=("x", "y", "x")
)

QUERY = Query(question="Is <it> shut?", asked_as="Is <it> shut?", top_k=1, max_answers=1, min_probability=0.5)


def citation(start: int, end: int, *, before: str = "", after: str = "") -> Citation:
    quote = ARTICLE.text[start:end]
    return Citation(article=ARTICLE, start=start, end=end, quote=quote, before=before, after=after)


def result(*answers: Answer, reason: str | None = None, nearest: tuple[Citation, ...] = ()) -> Result:
    return Result(
        query=QUERY,
        answers=answers,
        abstention=Abstention(code="no_passage", reason=reason) if reason else None,
        nearest=nearest,
        hits=(),
        timings={},
        fingerprint="f",
        calibration=Calibration(name="c", fingerprint="c", provisional=False),
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": ""}, "id must have"),
        ({"id": "x" * (MAX_ID_LENGTH + 1)}, "id must have"),
        ({"id": "a\nb"}, "printable"),
        ({"id": "\ud800"}, "printable"),
        ({"text": " \n"}, "blank"),
        ({"text": "a\x00"}, "NUL"),
        ({"title": "a\x00"}, "NUL"),
        ({"published_at": datetime(2024, 9, 17)}, "timezone"),  # noqa: DTZ001 - the point of the test
    ],
)
def test_an_article_that_cannot_be(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(ARTICLE, **change)


def test_an_article_is_frozen_hashed_and_in_utc() -> None:
    article = replace(ARTICLE, published_at=datetime(2024, 9, 17, 2, tzinfo=timezone(timedelta(hours=3))))
    assert article.published_at == datetime(2024, 9, 16, 23, tzinfo=UTC)
    assert article.published_at.tzinfo is UTC
    assert article.tags == ("x", "y")
    assert article.sha256 == hashlib.sha256(article.text.encode()).hexdigest()
    with pytest.raises(FrozenInstanceError):
        article.text = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"title": "b"},
        {"text": "b"},
        {"url": "b"},
        {"source": "b"},
        {"author": "b"},
        {"language": "b"},
        {"published_at": datetime(2024, 9, 17, tzinfo=UTC)},
        {"tags": ("y", "x")},
    ],
)
def test_the_digest_sees_every_change(change: dict[str, Any]) -> None:
    assert replace(ARTICLE, **change).digest != ARTICLE.digest


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 1), (0, 4)])
def test_a_passage_that_cannot_be(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="passage"):
        Passage(article_id="a", start=start, end=end, text="abc")


def test_a_span_is_the_words_it_covers() -> None:
    passage = Passage(article_id="a", start=4, end=10, text="bridge")
    assert Span(hit=hit(passage), start=0, end=3, score=1.0).text == "bri"


@pytest.mark.parametrize("around", [{"before": "A "}, {"after": " was"}])
def test_a_citation_knows_its_neighbours(around: dict[str, str]) -> None:
    assert citation(4, 10, before="The ", after=" is").quote == "bridge"
    with pytest.raises(ValueError, match="must be what stands"):
        citation(4, 10, **around)


@pytest.mark.parametrize(
    ("text", "probability", "citations"),
    [("bridge", 1.1, 1), ("bridge", -0.1, 1), ("other", 0.5, 1), ("bridge", 0.5, 0)],
)
def test_an_answer_that_cannot_be(text: str, probability: float, citations: int) -> None:
    with pytest.raises(ValueError, match=r"probability|first citation"):
        Answer(text=text, probability=probability, score=0.0, citations=(citation(4, 10),) * citations)


def test_a_result_answers_or_says_why_not() -> None:
    answer = Answer(text="bridge", probability=0.5, score=0.0, citations=(citation(4, 10),))
    assert not result(answer).abstained
    assert result(reason="nothing").abstained
    with pytest.raises(ValueError, match="abstaining is having no answer"):
        result()
    with pytest.raises(ValueError, match="abstaining is having no answer"):
        result(answer, reason="nothing")


def test_a_result_shows_itself_with_everything_escaped() -> None:
    answer = Answer(text="bridge", probability=0.5, score=0.0, citations=(citation(4, 10, before="The "),))
    shown = result(answer)._repr_html_()
    assert "The <mark>bridge</mark>" in shown
    assert "Is &lt;it&gt; shut?" in shown
    assert "Bridge · Courier" in shown
    abstained = result(reason="a < b", nearest=(citation(0, 19),))._repr_html_()
    assert "a &lt; b" in abstained
    assert "<mark>The bridge is shut.</mark>" in abstained


@pytest.mark.parametrize(
    "where", [Where(ids=("a",)), Where(tags=("a",)), Where(published_after=datetime(2024, 1, 1, tzinfo=UTC))]
)
def test_an_empty_filter_is_false(where: Where) -> None:
    assert where
    assert not Where()
