"""From records to what is said of them in JSON; pure functions."""

from collections.abc import Iterable
from typing import Any

from rag.responses.links import text_fragment_link
from rag.responses.schemas import (
    AnswerView,
    ArticleFields,
    ArticleSummary,
    ArticleView,
    AskResponse,
    CalibrationView,
    CitationView,
    PassageView,
    TextPositionSelector,
    TextQuoteSelector,
)
from rag.types import Answer, Article, Citation, Hit, Result

# Characters on each side of a quote in its TextQuoteSelector.
SELECTOR_CONTEXT = 32


def ask_response(result: Result, *, with_passages: bool = False) -> AskResponse:
    """The result, with the passages that were read if they are wanted."""
    return AskResponse(
        question=result.question,
        asked_as=result.asked_as,
        abstained=result.abstained,
        code=result.abstention.code if result.abstention else None,
        reason=result.reason,
        answers=[_answer_view(answer) for answer in result.answers],
        candidates=[_answer_view(answer) for answer in result.candidates],
        nearest=[citation_view(citation) for citation in result.nearest],
        passages=passage_views(result.hits) if with_passages else None,
        timings=dict(result.timings),
        fingerprint=result.fingerprint,
        calibration=CalibrationView.model_validate(result.calibration),
    )


def citation_view(citation: Citation) -> CitationView:
    """The citation with its selectors and its link."""
    article, source = citation.article, citation.source
    return CitationView(
        article_id=article.id,
        sha256=article.sha256,
        **_fields(article),
        part=citation.part,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        before=citation.before,
        after=citation.after,
        selectors=(
            TextQuoteSelector(
                exact=citation.quote,
                prefix=source[max(0, citation.start - SELECTOR_CONTEXT) : citation.start],
                suffix=source[citation.end : citation.end + SELECTOR_CONTEXT],
            ),
            TextPositionSelector(start=citation.start, end=citation.end),
        ),
        link=text_fragment_link(citation),
    )


def passage_views(hits: Iterable[Hit]) -> list[PassageView]:
    """The passages with what is known of their articles, in order."""
    return [
        PassageView(
            article_id=hit.article.id,
            sha256=hit.article.sha256,
            **_fields(hit.article),
            start=hit.passage.start,
            end=hit.passage.end,
            text=hit.passage.text,
            score=hit.score,
            ranks=dict(hit.ranks),
        )
        for hit in hits
    ]


def article_summary(article: Article) -> ArticleSummary:
    """The article without its text."""
    return ArticleSummary(id=article.id, sha256=article.sha256, length=len(article.text), **_fields(article))


def article_view(article: Article) -> ArticleView:
    """The article with its text."""
    return ArticleView(**article_summary(article).model_dump(), text=article.text)


def _answer_view(answer: Answer) -> AnswerView:
    return AnswerView(
        kind=answer.kind,
        text=answer.text,
        probability=answer.probability,
        likelihood=answer.likelihood,
        score=answer.score,
        citations=[citation_view(citation) for citation in answer.citations],
    )


def _fields(article: Article) -> dict[str, Any]:
    return {name: getattr(article, name) for name in ArticleFields.model_fields}
