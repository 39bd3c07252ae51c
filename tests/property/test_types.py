"""Records are equal when what they say is equal, and refuse offsets that do not fit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Article, Citation, Passage, Span
from tests.records import hit

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80).filter(
    lambda text: bool(text.strip())
)


@given(TEXTS, st.integers(-5, 90), st.integers(-5, 90))
def test_a_citation_is_a_slice_or_nothing(text: str, start: int, end: int) -> None:
    article = Article(id="a", title="", text=text)
    if 0 <= start < end <= len(text):
        assert Citation(article=article, start=start, end=end, quote=text[start:end]).quote == text[start:end]
    else:
        with pytest.raises(ValueError, match="citation must lie inside"):
            Citation(article=article, start=start, end=end, quote=text[start:end])


@given(TEXTS, TEXTS)
def test_a_citation_refuses_other_words(text: str, other: str) -> None:
    article = Article(id="a", title="", text=text)
    if other != text:
        with pytest.raises(ValueError, match="own words"):
            Citation(article=article, start=0, end=len(text), quote=other)


@given(TEXTS, st.integers(-5, 90), st.integers(-5, 90))
def test_a_span_lies_in_its_passage(text: str, start: int, end: int) -> None:
    passage = Passage(article_id="a", start=7, end=7 + len(text), text=text)
    if 0 <= start < end <= len(text):
        assert Span(hit=hit(passage), start=start, end=end, score=0.0).text == text[start:end]
    else:
        with pytest.raises(ValueError, match="span must lie inside"):
            Span(hit=hit(passage), start=start, end=end, score=0.0)


@given(TEXTS, TEXTS, st.integers(-12, 14))
def test_the_digest_depends_on_what_is_said_and_not_on_the_zone(text: str, title: str, hours: int) -> None:
    noon = datetime(2024, 9, 17, 12, tzinfo=UTC)
    article = Article(id="a", title="t", text=text, published_at=noon)
    abroad = replace(article, published_at=noon.astimezone(timezone(timedelta(hours=hours))))
    assert abroad.digest == article.digest
    assert (replace(article, title=title).digest == article.digest) == (title == "t")
