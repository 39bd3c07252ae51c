"""From what the pipeline gives to what travels over HTTP, and to what the command line prints as JSON."""

from collections.abc import Iterable
from contextlib import suppress

from rag.api.links import text_fragment_link
from rag.api.schemas import (
    AnswerView,
    AskResponse,
    CitationView,
    PassageView,
    TextPositionSelector,
    TextQuoteSelector,
)
from rag.errors import NotFoundError
from rag.protocols import Archive
from rag.types import Citation, Hit, Result

# Characters on each side of a quote in its TextQuoteSelector.
SELECTOR_CONTEXT = 32


def ask_response(result: Result) -> AskResponse:
    """The result, without the passages that were read."""
    return AskResponse(
        question=result.question,
        asked_as=result.asked_as,
        abstained=result.abstained,
        reason=result.reason,
        answers=[
            AnswerView(
                text=answer.text,
                probability=answer.probability,
                score=answer.score,
                citations=[citation_view(citation) for citation in answer.citations],
            )
            for answer in result.answers
        ],
        nearest=[citation_view(citation) for citation in result.nearest],
        timings=dict(result.timings),
        fingerprint=result.fingerprint,
        calibration=result.calibration,
    )


def citation_view(citation: Citation) -> CitationView:
    """The citation with its selectors and its link."""
    article, text = citation.article, citation.article.text
    return CitationView(
        article_id=article.id,
        title=article.title,
        url=article.url,
        source=article.source,
        author=article.author,
        published_at=article.published_at,
        sha256=article.sha256,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        before=citation.before,
        after=citation.after,
        selectors=(
            TextQuoteSelector(
                exact=citation.quote,
                prefix=text[max(0, citation.start - SELECTOR_CONTEXT) : citation.start],
                suffix=text[citation.end : citation.end + SELECTOR_CONTEXT],
            ),
            TextPositionSelector(start=citation.start, end=citation.end),
        ),
        link=text_fragment_link(citation),
    )


def passage_views(hits: Iterable[Hit], *, archive: Archive) -> list[PassageView]:
    """The hits with what is known of their articles; one whose article has changed since is left out."""
    views = []
    with archive.reading() as index:
        for hit in hits:
            passage = hit.passage
            with suppress(NotFoundError):
                article = index.article(passage.article_id)
                if article.text[passage.start : passage.end] == passage.text:
                    views.append(
                        PassageView(
                            article_id=article.id,
                            title=article.title,
                            url=article.url,
                            source=article.source,
                            published_at=article.published_at,
                            sha256=article.sha256,
                            start=passage.start,
                            end=passage.end,
                            text=passage.text,
                            score=hit.score,
                            ranks=dict(hit.ranks),
                        )
                    )
    return views
