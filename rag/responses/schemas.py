"""The shapes of what is said in JSON.

Offsets are code points of the article's ``text`` as ``GET /v1/articles/{id}`` gives it (of its ``title`` where
a citation's ``part`` says so), half-open. Times are ISO 8601, in UTC.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.protocols import Facts
from rag.types import AbstentionCode


class ArticleFields(BaseModel):
    """What is known of an article beside its id and its text."""

    title: str = Field(description="Headline; embedded with every passage, never quoted.")
    url: str | None = Field(default=None, description="Where it was published.")
    source: str | None = Field(default=None, description="Who published it.")
    author: str | None = Field(default=None, description="Who wrote it.")
    language: str | None = Field(default=None, description="Language code, such as `en`.")
    published_at: datetime | None = Field(default=None, description="When it was published, in UTC.")
    tags: list[str] = Field(default=[], description="Labels to filter by.")


class _QuotedId(BaseModel):
    article_id: str


class QuotedArticle(ArticleFields, _QuotedId):
    """The article that a quote or a passage is from."""

    sha256: str = Field(description="SHA-256 of the article's text in UTF-8, to check the quote against later.")


class TextQuoteSelector(BaseModel):
    """The quote with a little of what stands around it (W3C Web Annotation Data Model)."""

    type: Literal["TextQuoteSelector"] = "TextQuoteSelector"
    exact: str
    prefix: str
    suffix: str


class TextPositionSelector(BaseModel):
    """The quote by its offsets in the article's text (W3C Web Annotation Data Model)."""

    type: Literal["TextPositionSelector"] = "TextPositionSelector"
    start: int
    end: int


class CitationView(QuotedArticle):
    """A place in an article: ``[start:end]`` of the part of it that is named is ``quote``, always."""

    part: Literal["text", "title"] = Field(description="What the offsets count: the article's text or its title.")
    start: int = Field(description="First code point of the quote.")
    end: int = Field(description="Code point after the last one of the quote.")
    quote: str
    before: str = Field(description="The rest of the sentence before the quote.")
    after: str = Field(description="The rest of the sentence after the quote.")
    selectors: tuple[TextQuoteSelector, TextPositionSelector]
    link: str | None = Field(description="The url with a text fragment that opens it at the quote.")


class AnswerView(BaseModel):
    """A distinct answer and every place that says it, the best place first."""

    kind: Literal["span", "evidence"] = Field(
        description="`span`: the words answer by themselves; `evidence`: the sentence that decides."
    )
    text: str
    probability: float = Field(description="That the answer is right, 0 to 1; `calibration` says how it was fitted.")
    likelihood: str = Field(description="The probability in words.")
    score: float = Field(description="The reader's score, without a unit; above 0 leans to an answer.")
    citations: list[CitationView]


class PassageView(QuotedArticle):
    """A retrieved passage: the article's ``text[start:end]`` is ``text``."""

    start: int
    end: int
    text: str
    score: float = Field(description="The retriever's score, without a unit, higher is better.")
    ranks: dict[str, int] = Field(description="The place, from 1, that each retriever gave it.")


class PromiseView(BaseModel):
    """Of the answers given, at most ``wrong_at_most`` are wrong, with this confidence; one answer is given."""

    model_config = ConfigDict(from_attributes=True)

    wrong_at_most: float
    confidence: float
    min_probability: float = Field(description="From this probability on an answer is given.")
    given: int = Field(description="How many answers of the test were that probable.")
    wrong: int = Field(description="How many of those were wrong.")
    words: str = Field(description="What is promised, in words.")


class CalibrationView(BaseModel):
    """Where the probabilities come from."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="What the curve was fitted on.")
    fingerprint: str
    provisional: bool = Field(description="True if it was not fitted for the models in use: take it with caution.")
    promise: PromiseView | None = Field(description="How many of the answers given may be wrong; null: no promise.")


class AskResponse(BaseModel):
    """What became of a question: answers, or a reason why there is none."""

    question: str
    asked_as: str = Field(description="The question as it was looked up.")
    abstained: bool = Field(description="True if the archive does not say; then `answers` is empty.")
    code: AbstentionCode | None = Field(description="Why there is no answer, for programs; null if there is one.")
    reason: str | None = Field(description="Why there is no answer, in a sentence; null if there is one.")
    answers: list[AnswerView] = Field(description="Best first.")
    candidates: list[AnswerView] = Field(
        description="If there is no answer: what might be one, too improbable to give."
    )
    nearest: list[CitationView] = Field(description="The passages that came closest, if there is no answer.")
    passages: list[PassageView] | None = Field(
        default=None, description="The passages that were read, best first, if asked for with `include`."
    )
    timings: dict[str, float] = Field(description="Milliseconds a stage took.")
    fingerprint: str = Field(
        description="A key over the state of the archive, the models, their settings and the request: "
        "equal ones have equal answers."
    )
    calibration: CalibrationView


class SearchResponse(BaseModel):
    """Passages, best first."""

    question: str
    passages: list[PassageView]


class RejectedArticle(BaseModel):
    """An article that was not stored, and why."""

    id: str = Field(description="The article's id, or where it stood if it has none.")
    code: str
    message: str


class ArticlesResponse(BaseModel):
    """What became of the articles; those counted are durable, and the next question finds them."""

    added: int
    replaced: int
    unchanged: int
    rejected: list[RejectedArticle]


class _Id(BaseModel):
    id: str


class ArticleSummary(ArticleFields, _Id):
    """An article without its text."""

    sha256: str
    length: int = Field(description="Code points of the text.")


class ArticleView(ArticleSummary):
    """An article exactly as offsets count it."""

    text: str


class ArticlePage(BaseModel):
    """Articles sorted by id."""

    articles: list[ArticleSummary]
    next: str | None = Field(description="Give it as `after` to get the next page; null on the last.")


class Count(BaseModel):
    """A value and the number of articles that have it."""

    value: str
    articles: int


class IndexResponse(BaseModel):
    """What there is to know about a collection."""

    collection: str
    facts: Facts
    sources: list[Count] = Field(description="Most frequent first, at most 200.")
    tags: list[Count] = Field(description="Most frequent first, at most 200.")
    languages: list[Count] = Field(description="Most frequent first, at most 200.")
